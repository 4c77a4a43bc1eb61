#include "benchmarks/pipeline/machine.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace bora::bench {

namespace {

/// The value after "key : " in a file like /proc/cpuinfo; empty when it is not there.
std::string field_of(const char* path, const std::string& key) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? std::string{} : line.substr(first);
  }
  return {};
}

std::string kernel() {
  utsname names{};
  if (uname(&names) != 0) return "unknown";
  return std::string{names.sysname} + " " + names.release + " " + names.machine;
}

std::string compiler() {
#if defined(__clang__)
  return std::string{"clang "} + __clang_version__;
#else
  return std::string{"gcc "} + __VERSION__;
#endif
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_machine() {
  return {
      {"processor", field_of("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", field_of("/proc/meminfo", "MemTotal")},
      {"kernel", kernel()},
      {"compiler", compiler()},
      {"flags", BORA_BENCH_FLAGS},
      {"allocator", BORA_BENCH_ALLOCATOR},
  };
}

ProcessorTime processor_time() {
  std::ifstream stat{"/proc/stat"};
  std::string line;
  std::getline(stat, line);
  std::istringstream fields{line};
  std::string cpu;
  double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  fields >> cpu >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double busy = user + nice + system + irq + softirq + steal;
  return {busy * tick, (busy + idle + iowait) * tick};
}

double other_load(const ProcessorTime& before, const ProcessorTime& after, double own_cpu_seconds) {
  const double total = after.total_seconds - before.total_seconds;
  const double other = after.busy_seconds - before.busy_seconds - own_cpu_seconds;
  const double resolution = 2.0 * static_cast<double>(std::thread::hardware_concurrency()) /
                            static_cast<double>(sysconf(_SC_CLK_TCK));
  if (total <= 0 || other <= resolution) return 0;
  return std::min(1.0, other / total);
}

void wait_for_quiet(std::chrono::milliseconds limit) {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + limit;
  ProcessorTime before = processor_time();
  do {
    std::this_thread::sleep_for(250ms);
    const ProcessorTime after = processor_time();
    const double total = after.total_seconds - before.total_seconds;
    if (after.busy_seconds - before.busy_seconds <= kForeignLoadLimit * total) return;
    before = after;
  } while (std::chrono::steady_clock::now() < until);
}

}  // namespace bora::bench
