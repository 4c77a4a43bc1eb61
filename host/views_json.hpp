#pragma once

#include <string>

#include "host/process_view.hpp"

namespace bora::host {

/// What GET /api/v1/topology answers: the process, and of each topology its graph, tasks, last errors,
/// oldest messages in flight and stuck threads. Durations are in nanoseconds, under names that end in
/// _ns; times are RFC 3339.
[[nodiscard]] std::string process_json(const ProcessView& view);

}  // namespace bora::host
