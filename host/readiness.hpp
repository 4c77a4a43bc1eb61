#pragma once

#include <vector>

#include "host/control_options.hpp"
#include "host/process_view.hpp"

namespace bora::host {

/// What keeps the process from doing its work now; empty when it is ready.
[[nodiscard]] std::vector<Reason> reasons_unready(const ProcessView& view,
                                                  const HealthLimits& limits);

/// What only a restart may mend: threads that have not come back for too long.
[[nodiscard]] std::vector<Reason> reasons_dead(const ProcessView& view, const HealthLimits& limits);

}  // namespace bora::host
