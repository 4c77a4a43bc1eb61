#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/process_view.hpp"

namespace bora::host {

/// How much of a histogram is told.
enum class LatencyDetail : std::uint8_t {
  kPercentiles,
  kBuckets,  ///< And what each bucket holds: two answers give the percentiles of the time between.
};

/// What GET /api/v1/topology answers: Process of host/openapi.yaml.
[[nodiscard]] std::string process_json(const ProcessView& view,
                                       LatencyDetail detail = LatencyDetail::kPercentiles);

/// What /readyz and its kin answer: Readiness of host/openapi.yaml.
[[nodiscard]] std::string readiness_json(ProcessState state, const std::vector<Reason>& reasons);

}  // namespace bora::host
