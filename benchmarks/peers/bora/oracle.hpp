#pragma once

#include <cstdint>

#include "benchmarks/peers/bora/input.hpp"
#include "benchmarks/peers/bora/options.hpp"

namespace bora::peers {

/// What the first `tuples` tuples must give, computed in one loop that has nothing of a pipeline. Of
/// windows the last one is left out.
[[nodiscard]] Tally expected_outputs(Graph graph, std::uint64_t tuples, std::uint64_t keys);

}  // namespace bora::peers
