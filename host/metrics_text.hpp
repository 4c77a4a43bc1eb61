#pragma once

#include <string>

#include "host/process_view.hpp"

namespace bora::host {

/// The view in Prometheus' text format. Series are per component, not per task: tasks are in
/// /api/v1/topology. Units are seconds and bytes.
[[nodiscard]] std::string metrics_text(const ProcessView& view);

}  // namespace bora::host
