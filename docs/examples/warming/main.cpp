// [program]
#include <cstdio>
#include <utility>

#include "bolts/notifier/notifier_bolt.hpp"
#include "bora/topology.hpp"
#include "docs/examples/warming/warming.hpp"
#include "host/run.hpp"
#include "spouts/record_spout.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"

using namespace bora;
using coldchain::Reading;
using warming::Rise;

namespace {

// What is no reading becomes a dead letter, with the reason.
Result<Reading> decode(const ConsumedRecord& record) {
  const auto reading = coldchain::parse_reading(record->value);
  if (reading) return *reading;
  return Error{ErrorKind::kInvalid, reading.rejection().text};
}

notify::Notification say(const Rise& rise) {
  char text[100];
  std::snprintf(text, sizeof text, "%llu: from %.1f C to %.1f C within minutes",
                static_cast<unsigned long long>(to_uint(rise.device)), rise.from, rise.to);
  return {.key = warming::key_of(rise), .text = text};
}

Result<Topology> make_topology(const RecordConnections& connections,
                               const notify::NotifierConnection& notifier, warming::Rule rule) {
  TopologyBuilder topology{"warming"};
  auto readings = topology.spout("readings",
                                 [=] {
                                   return RecordSpout<Reading>{connections, decode};
                                 },
                                 {.source_key = "device_id"});
  auto rises = topology.bolt("rises", [=] { return warming::RiseBolt{rule}; })
                   .fields(readings, &Reading::device_id, "device_id");
  auto told = topology.bolt("tell",
                            [=] {
                              return notify::NotifierBolt<Rise>{notifier, say};
                            })
                  .fields(rises, &Rise::device, "device_id");
  topology.discard(told).discard(told[&notify::NotifierBolt<Rise>::refused]);
  return topology.build();
}

}  // namespace

int main(int argc, char** argv) {
  const SystemClock clock;
  parts::TopicsOptions topics;
  parts::NotifyOptions notify;
  warming::Rule rule;

  host::Program program;
  program.name = "warming";
  program.about = "tells of devices that become warm fast";
  topics.bind(program.settings);
  notify.bind(program.settings);
  program.settings.bind("warming.degrees", rule.degrees, "a rise that is told of, in Celsius",
                        {0.1, 100});
  program.settings.bind("warming.within", rule.within, "the time in which it is one");
  program.assemble = [&](host::Assembly& assembly) -> Status {
    auto part = parts::make_topics(
        topics, {{.name = "readings"}, {.name = "readings.dlq", .partitions = 1}}, "warming",
        clock);
    if (!part) return part.status();
    auto notifier = parts::make_notifier(notify);
    if (!notifier) return notifier.status();
    auto topology = make_topology((*part)->connections("readings", "warming"), *notifier, rule);
    if (!topology) return topology.status();
    assembly.add(*std::move(part));
    assembly.add(*std::move(topology));
    return {};
  };
  return host::run(argc, argv, std::move(program));
}
// [/program]
