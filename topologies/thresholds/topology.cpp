#include "topologies/thresholds/topology.hpp"

#include <utility>

#include "spouts/record_spout.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/telling/telling.hpp"

namespace bora::thresholds {

using coldchain::Alert;

Result<Topology> make_topology(const ThresholdsOptions& options, ThresholdsWorld world) {
  const ComponentOptions configured{.tasks = options.config_tasks};

  TopologyBuilder topology{"thresholds"};
  auto readings =
      topology.spout("readings",
                     [connections = world.connections, spout = options.spout] {
                       return RecordSpout<ConsumedRecord>{connections, spout};
                     },
                     {.max_in_flight = options.max_in_flight, .source_key = "device_id"});
  // On the spout's thread: a hop would cost more than the parsing. The same holds for what follows
  // config: nearly every reading ends in it.
  auto parse = topology.bolt("parse", [] { return ParseBolt{}; }).local(readings);
  auto config =
      topology
          .bolt(
              "config", [registry = world.registry] { return ConfigBolt{registry}; }, configured)
          .fields(
              parse, [](const LocatedReading& in) { return in.reading.device_id; }, "device_id");
  auto temperature = topology
                         .bolt(
                             "temperature", [] { return TemperatureBolt{}; }, configured)
                         .local(config);
  auto battery = topology
                     .bolt(
                         "battery", [] { return BatteryBolt{}; }, configured)
                     .local(config);
  auto info =
      topology
          .bolt(
              "info", [registry = world.registry] { return InfoBolt{registry}; }, configured)
          .local(temperature)
          .local(battery);

  // Alerts are few. What waits for a store or a server has a thread of its own.
  auto claim = topology.bolt("claim", [state = world.state] { return ClaimBolt{state}; })
                   .fields(
                       info, [](const Candidate& in) { return in.alert.device_id; }, "device_id");
  coldchain::add_telling(topology, claim.default_stream(),
                         {.notifier = world.notifier, .state = world.state, .sinks = world.sinks});
  return topology.build();
}

}  // namespace bora::thresholds
