#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "benchmarks/peers/bora/components.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"

namespace bora::scaling {

/// What a point of a curve costs.
struct Cost {
  double tuples_per_second = 0;
  double cpu_us_per_tuple = 0;
};

/// A topology with a PeerSpout, and what its components share.
struct Load {
  std::unique_ptr<peers::Run> run;
  std::unique_ptr<peers::Progress> arrived;  ///< What sinks took.
  Topology topology;
};

/// Floods the topologies, at the same time, for as long as `options` says; completed is what was acked.
/// Ends the program when something was lost: each tuple reaches `arrivals` sinks.
[[nodiscard]] Cost run(std::vector<Load> loads, const peers::Options& options,
                       std::uint64_t arrivals);

}  // namespace bora::scaling
