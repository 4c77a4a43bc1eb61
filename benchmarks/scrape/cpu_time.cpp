#include "benchmarks/scrape/cpu_time.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace bora::scrape {

CpuTime cpu_time() {
  CpuTime all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task", error}) {
    std::string name;
    std::uint64_t ran_ns = 0;
    std::getline(std::ifstream{entry.path() / "comm"}, name);
    std::ifstream{entry.path() / "schedstat"} >> ran_ns;
    // Executors are named TOPOLOGY.COMPONENT; other threads have the name of the program.
    double& share = entry.path().filename() == std::to_string(getpid()) ? all.scraper
                    : name.find('.') != std::string::npos               ? all.engine
                                                                        : all.control;
    share += static_cast<double>(ran_ns) / 1e9;
  }
  return all;
}

}  // namespace bora::scrape
