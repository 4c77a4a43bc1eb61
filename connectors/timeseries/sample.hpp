#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bora::timeseries {

/// One point as every time-series store knows it. A sample of the same metric, tags and time replaces
/// the one before.
struct Sample {
  std::string metric;
  std::vector<std::pair<std::string, std::string>> tags;  ///< At least one; sorted by name.
  std::int64_t time_ms = 0;                               ///< Since 1970.
  std::variant<double, std::int64_t> value;  ///< A real is stored as one even when it is whole.
};

/// A sample that the store does not take, whenever it is asked.
struct Refused {
  std::size_t index = 0;  ///< In the batch.
  std::string reason;
};

}  // namespace bora::timeseries
