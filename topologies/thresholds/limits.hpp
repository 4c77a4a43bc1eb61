#pragma once

#include <limits>
#include <string>
#include <vector>

#include "topologies/coldchain/registry.hpp"

namespace bora::thresholds {

/// Between which values a device is well. A limit that is not set is an infinity, which nothing is
/// beyond. Values on a limit are well.
struct Limits {
  double min_temperature = -std::numeric_limits<double>::infinity();  ///< Degrees Celsius.
  double max_temperature = std::numeric_limits<double>::infinity();
  double min_battery = -std::numeric_limits<double>::infinity();  ///< Percent.
  bool operator==(const Limits&) const = default;
};

/// What a config sets: the keys `minTemperature`, `maxTemperature` and `minBattery`, text numbers.
/// A value that is no finite decimal number (white space around it is allowed), a battery limit outside
/// 0..100, and both temperatures when the smallest is above the largest, count as not set; each adds a
/// sentence to `faults`.
[[nodiscard]] Limits parse_limits(const coldchain::Config& config,
                                  std::vector<std::string>& faults);

}  // namespace bora::thresholds
