#pragma once

#include <memory>
#include <vector>

#include "host/control_options.hpp"
#include "host/control_routes.hpp"
#include "host/log.hpp"
#include "host/operated.hpp"
#include "host/process_view.hpp"
#include "host/tap.hpp"

namespace bora::host {

/// What the routes of every control plane work on. Outlives them.
struct ControlSubjects {
  Operated& process;
  Log& log;
  Taps& taps;
  HealthLimits health;
};

/// The routes that every process has, as host/openapi.yaml describes them; GET /api/v1/access is not
/// among them.
[[nodiscard]] std::vector<ControlRoute> control_api(const ControlSubjects& subjects);

/// The process now, with what keeps it from being ready filled in.
[[nodiscard]] ProcessView look_at(const Operated& process, const HealthLimits& health);

}  // namespace bora::host
