#include "topologies/alerts/topology.hpp"

#include <memory>
#include <utility>

#include "bolts/notifier/notifier_bolt.hpp"
#include "spouts/dead_letter.hpp"
#include "spouts/record_spout.hpp"
#include "topologies/alerts/input_progress.hpp"
#include "topologies/alerts/loader.hpp"

namespace bora::alerts {

using coldchain::Alert;

namespace {

using AlertNotifier = notify::NotifierBolt<Alert>;
using RefusedAlert = notify::Refused<Alert>;

std::string json_of(const Alert& alert) {
  std::string json;
  coldchain::write_alert(alert, json);
  return json;
}

notify::Notification notification_of(const Alert& alert) {
  return {.key = alert_id(alert),
          .phone = alert.info.phone,
          .text = notification_text(alert),
          .body = json_of(alert)};
}

Record record_of(const Alert& alert) {
  Record record;
  record.key = record_key(alert.device_id);
  record.value = json_of(alert);
  return record;
}

OutgoingRecord to_alerts(const Alert& alert) {
  return {std::string{kAlertsTopic}, record_of(alert)};
}

OutgoingRecord to_dead_letters(const RefusedAlert& refused) {
  return {dead_letter_topic(kAlertsTopic),
          dead_letter(record_of(refused.tuple), {.topic = std::string{kAlertsTopic},
                                                 .position = {},
                                                 .kind = FailureKind::kPermanent,
                                                 .component = "notify",
                                                 .task = 0,
                                                 .reason = refused.reason,
                                                 .attempts = 1,
                                                 .failed_at = refused.at})};
}

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
  auto notify =
      topology
          .bolt("notify",
                [notifier = world.notifier] {
                  return AlertNotifier{
                      notifier, notification_of, {.on_refusal = notify::OnRefusal::kEmit}};
                })
          .fields(info, &Alert::device_id, "device_id");
  topology
      .bolt("publish",
            [sinks = world.sinks] {
              return RecordSinkBolt<Alert>{sinks, to_alerts};
            })
      .shuffle(notify);
  topology
      .bolt("refused",
            [sinks = world.sinks] {
              return RecordSinkBolt<RefusedAlert>{sinks, to_dead_letters};
            })
      .shuffle(notify[&AlertNotifier::refused]);
  return topology.build();
}

}  // namespace bora::alerts
