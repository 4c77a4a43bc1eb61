#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "host/run.hpp"
#include "services/coldchain/demo_input.hpp"
#include "services/coldchain/program.hpp"
#include "services/gateway/simulation.hpp"

namespace bora::demo {

struct DemoOptions {
  std::filesystem::path directory;   ///< Exists and is empty.
  allinone::ProgramOptions program;  ///< Its directory and port are not used.
  InputOptions input;                ///< What the input was made of. Its last gateway uses HTTP.
  double rate = 3000;                ///< Records a second; 0: as fast as they are taken.
  bool keeps_running = false;
  std::uint16_t control_port = 0;
  std::uint16_t ingest_port = 0;
  std::string called_as = "coldchain";  ///< For the commands that it suggests.
};

/// Runs the demonstration on what `input` gives. Returns the exit code.
[[nodiscard]] int run_demo(const DemoOptions& options, std::unique_ptr<gateway::Simulation> input,
                           host::Invocation& invocation);

}  // namespace bora::demo
