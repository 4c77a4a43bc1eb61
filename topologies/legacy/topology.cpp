#include "topologies/legacy/topology.hpp"

#include <memory>
#include <utility>

#include "bolts/notifier/notifier_bolt.hpp"
#include "bolts/shell_bolt.hpp"
#include "spouts/record_spout.hpp"
#include "topologies/legacy/bolts.hpp"

namespace bora::legacy {

namespace {

using Reshape = ShellBolt<coldchain::Reading, Message>;
using Post = notify::NotifierBolt<Message>;

ShellBoltOptions shell_options(const LegacyOptions& options, const LegacyWorld& world) {
  ShellBoltOptions shell;
  shell.child.process = {.command = options.command, .directory = options.directory};
  shell.child.heartbeat_timeout = options.heartbeat_timeout;
  shell.child.on_log = world.log;
  shell.max_pending = options.max_pending;
  shell.input = {.component = "parse",
                 .fields = {"device", "gateway", "celsius", "battery", "time"},
                 .grouping = "FIELDS"};
  shell.conf = {{"topology.name", std::string{"legacy"}}};
  shell.metrics = {{.name = "reshaped_readings"}};
  return shell;
}

notify::Notification notification_of(const Message& message) {
  return {.key = message.key, .body = message.body};
}

}  // namespace

Result<Topology> make_topology(const LegacyOptions& options, LegacyWorld world) {
  TopologyBuilder topology{"legacy"};
  auto readings =
      topology.spout("readings",
                     [connections = world.connections, spout = options.spout] {
                       return RecordSpout<ConsumedRecord>{connections, spout};
                     },
                     {.max_in_flight = options.max_in_flight, .source_key = "device_id"});
  auto parse = topology.bolt("parse", [] { return ParseBolt{}; }).local(readings);
  auto reshape = topology
                     .bolt("reshape",
                           [shell = shell_options(options, world)] {
                             return Reshape{shell, values_of, {"key", "body"}, message_of};
                           },
                           {.tasks = options.children})
                     .fields(parse, &coldchain::Reading::device_id, "device_id");
  auto post =
      topology.bolt("post",
                    [system = world.system] {
                      return Post{system, notification_of};
                    })
          .shuffle(reshape);
  topology.discard(post);
  topology.discard(post[&Post::refused]);
  return topology.build();
}

}  // namespace bora::legacy
