#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::datapoints {

struct DatapointsOptions {
  std::string topic = "readings";
  std::string group = "datapoints";
  /// Points of a series are collected for so long, then written at once. Longer: fewer, larger writes;
  /// shorter: points are seen sooner.
  std::chrono::milliseconds window{3'000};
  /// A window that holds so many points ends early. More: larger writes, more in memory.
  std::size_t window_points = 16'384;
  std::uint32_t series_tasks = 1;  ///< Threads that write, for each of the two series.
  /// Readings in work at once. Windows end early when this many would not fit into them.
  std::uint32_t max_in_flight = 65'536;
  RecordSpoutOptions spout = {.max_held = 81'920};
};

/// What the topology works on. Called when components open, not before.
struct DatapointsWorld {
  RecordConnections connections;
  std::function<std::shared_ptr<coldchain::SeriesWriter>()> writer;
};

/// readings -> split -> temperature, battery: two points of each reading into the series store.
[[nodiscard]] Result<Topology> make_topology(const DatapointsOptions& options,
                                             DatapointsWorld world);

}  // namespace bora::datapoints
