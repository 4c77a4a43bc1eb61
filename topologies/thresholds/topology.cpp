#include "topologies/thresholds/topology.hpp"

#include <utility>

#include "bolts/notifier/notifier_bolt.hpp"
#include "spouts/dead_letter.hpp"
#include "spouts/record_spout.hpp"
#include "topologies/coldchain/alert.hpp"

namespace bora::thresholds {

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

}  // namespace

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
  auto notify =
      topology
          .bolt("notify",
                [notifier = world.notifier] {
                  return AlertNotifier{
                      notifier, notification_of, {.on_refusal = notify::OnRefusal::kEmit}};
                })
          .fields(claim, &Alert::device_id, "device_id");
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

}  // namespace bora::thresholds
