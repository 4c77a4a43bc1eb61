#include "topologies/alerts/topology.hpp"

#include <memory>
#include <utility>

#include "spouts/record_spout.hpp"
#include "topologies/alerts/input_progress.hpp"
#include "topologies/alerts/loader.hpp"
#include "topologies/coldchain/telling/telling.hpp"

namespace bora::alerts {

using coldchain::Alert;

namespace {

Status check(const Rules& rules) {
  if (rules.silent_after.count() > 0 && rules.grace >= rules.silent_after) return {};
  return {ErrorKind::kInvalid,
          "alerts.silent_after must be positive, and alerts.grace not less: a device has to have "
          "had the time to report before it is called silent"};
}

}  // namespace

Result<Topology> make_topology(const AlertsOptions& options, AlertsWorld world) {
  if (Status checked = check(options.rules); !checked) return checked;
  const auto memory = std::make_shared<StateMemory>();      // of the time bolts and the loader
  const auto progress = std::make_shared<InputProgress>();  // of the sources and the loader
  RecordConnections connections = world.connections;
  // The engine closes the sources before the topology, and with it `progress`, goes.
  connections.source = [source = world.connections.source, progress, clock = &world.clock](
                           std::uint32_t task) { return watch(source(task), *clock, *progress); };

  TopologyBuilder topology{"alerts"};
  auto readings =
      topology.spout("readings",
                     [connections, spout = options.spout] {
                       return RecordSpout<ConsumedRecord>{connections, spout};
                     },
                     {.max_in_flight = options.max_in_flight, .source_key = "device_id"});
  // On the spout's thread: a hop would cost more than the parsing.
  auto parse = topology.bolt("parse", [] { return ParseBolt{}; }).local(readings);
  auto time = topology
                  .bolt("time",
                        [rules = options.rules, batch = options.batch_readings, state = world.state,
                         memory] {
                          return TimeBolt{rules, batch, state, memory};
                        },
                        {.tasks = options.time_tasks})
                  .fields(
                      parse, [](const HeardReading& in) { return in.device; }, "device_id");
  auto loader =
      topology.spout("loader", [rules = options.rules, state = world.state, memory, progress] {
        return Loader{rules, state, memory, progress};
      });

  // Alerts are few. What waits for a server has a thread of its own.
  auto info = topology.bolt("info", [registry = world.registry] { return InfoBolt{registry}; })
                  .fields(time, &Alert::device_id, "device_id")
                  .fields(loader, &Alert::device_id, "device_id");
  coldchain::add_telling(topology, info.default_stream(),
                         {.notifier = world.notifier, .state = world.state, .sinks = world.sinks});
  return topology.build();
}

}  // namespace bora::alerts
