#pragma once

#include <vector>

#include "host/run.hpp"

namespace bora::host {

/// The commands of every program that look at one of its kind that runs, or operate it, through the
/// control plane: status, top, errors, lag, logs, tap, pause, resume, drain.
[[nodiscard]] std::vector<Command> remote_commands();

}  // namespace bora::host
