#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/run.hpp"
#include "services/coldchain/demo_cast.hpp"
#include "services/coldchain/demo_script.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// Ports of the process; 0: any free one.
struct DemoPorts {
  std::uint16_t control = 0;
  std::uint16_t ingest = 0;
  std::uint16_t admin = 0;
  std::uint16_t series = 0;
};

struct DemoOptions {
  std::filesystem::path directory;   ///< Exists and is empty.
  allinone::ProgramOptions program;  ///< Of which adapt() leaves the sizes and times.
  ScriptOptions script = {.duplicates = 500, .malformed = 250};
  double rate = 3000;  ///< Records a second; 0: as fast as they are taken.
  bool keeps_running = false;
  DemoPorts ports;
  std::string called_as = "coldchain";  ///< For the commands that it suggests.
};

/// Runs the demonstration with this cast. Returns the exit code.
[[nodiscard]] int run_demo(const DemoOptions& options, Cast cast, host::Invocation& invocation);

}  // namespace bora::demo
