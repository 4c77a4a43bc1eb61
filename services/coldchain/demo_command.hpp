#pragma once

#include <string>

#include "host/run.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// `demo`: runs the process in a fresh directory, feeds it real readings from simulated gateways, with
/// repeats and broken records, and compares what became of them with what was sent.
///
/// Exit code 0 only when every report is archived once, byte for byte, and every broken record is
/// refused for its reason; 1 when not; 2 for wrong usage. `options` are the program's, with the
/// settings loaded when the command runs; its own directory and ports take the place of theirs.
/// `program` is how the user calls this program, for the commands that it suggests.
[[nodiscard]] host::Command demo_command(const allinone::ProgramOptions& options,
                                         std::string program);

}  // namespace bora::demo
