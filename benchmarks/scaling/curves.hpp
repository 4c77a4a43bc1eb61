#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/peers/bora/options.hpp"
#include "benchmarks/scaling/load.hpp"

namespace bora::scaling {

/// One thing that is varied while all else stays as it is by default; everything is acked.
struct Curve {
  std::string name;
  std::string about;
  std::vector<std::uint64_t> points;
  /// Runs one of them.
  std::function<Cost(const peers::Options&, std::uint64_t point)> run;
};

[[nodiscard]] std::vector<Curve> all_curves();

}  // namespace bora::scaling
