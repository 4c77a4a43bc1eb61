#include "topologies/datapoints/topology.hpp"

#include <algorithm>
#include <utility>

#include "spouts/record_spout.hpp"
#include "topologies/datapoints/bolts.hpp"

namespace bora::datapoints {

using coldchain::SeriesPoint;

namespace {

// A batch of all points that come within `window` of its first: a tumbling window by arrival, which
// may end early. A WindowBolt would hold its inputs to the end, and stop the source where they reach
// max_in_flight: 65,536 readings in 3 s are 22,000 a second.
BatchOptions<SeriesPoint> window_of(const DatapointsOptions& options) {
  const std::size_t fits = options.max_in_flight / (2 * std::size_t{options.series_tasks});
  BatchOptions<SeriesPoint> window;
  window.max_items = std::max<std::size_t>(1, std::min(options.window_points, fits));
  window.max_bytes = window.max_items * sizeof(SeriesPoint);
  window.max_age = options.window;
  window.flush = BatchFlush::kByAge;
  return window;
}

}  // namespace

Result<Topology> make_topology(const DatapointsOptions& options, DatapointsWorld world) {
  const auto sink = [find_writer = std::move(world.writer), window = window_of(options)] {
    return SeriesSink{find_writer, window};
  };
  const auto device_of = [](const SeriesPoint& point) { return point.device_id; };

  TopologyBuilder topology{"datapoints"};
  auto readings =
      topology.spout("readings",
                     [connections = std::move(world.connections), spout = options.spout] {
                       return RecordSpout<ConsumedRecord>{connections, spout};
                     },
                     {.max_in_flight = options.max_in_flight, .source_key = "device_id"});
  // On the spout's thread: a hop would cost more than the parsing.
  auto split = topology.bolt("split", [] { return SplitBolt{}; }).local(readings);
  topology.bolt("temperature", sink, {.tasks = options.series_tasks})
      .fields(split[&SplitBolt::temperatures], device_of, "device_id");
  topology.bolt("battery", sink, {.tasks = options.series_tasks})
      .fields(split[&SplitBolt::batteries], device_of, "device_id");
  return topology.build();
}

}  // namespace bora::datapoints
