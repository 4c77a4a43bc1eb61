#pragma once

#include <string>
#include <vector>

#include "host/process_view.hpp"

namespace bora::host {

/// What GET /api/v1/topology answers: Process of host/openapi.yaml.
[[nodiscard]] std::string process_json(const ProcessView& view);

/// What /readyz and its kin answer: Readiness of host/openapi.yaml.
[[nodiscard]] std::string readiness_json(ProcessState state, const std::vector<Reason>& reasons);

}  // namespace bora::host
