#include "topologies/authentication/topology.hpp"

#include <cstdint>
#include <utility>

#include "bora/stable_hash.hpp"
#include "spouts/record_spout.hpp"
#include "topologies/authentication/rewrite.hpp"

namespace bora::authentication {

OutgoingRecord encode(const Outcome& outcome) {
  const bool is_accepted = outcome.finding == Finding::kAccepted;
  OutgoingRecord outgoing;
  outgoing.topic = is_accepted ? "readings" : "reports.rejected";
  outgoing.record.key = coldchain::record_key(outcome.device_id);
  outgoing.record.timestamp = outcome.received;
  write_without_secrets(outcome.record->value, outcome.received,
                        is_accepted ? std::string_view{} : to_string(outcome.finding),
                        outgoing.record.value);
  return outgoing;
}

Result<Topology> make_topology(const AuthenticationOptions& options, AuthenticationWorld world) {
  TopologyBuilder topology{"authentication"};
  auto reports = topology.spout("reports",
                                [connections = world.connections, spout = options.spout] {
                                  return RecordSpout<ConsumedRecord>{connections, spout};
                                },
                                {.max_in_flight = options.max_in_flight,
                                 .source_key = "device_id",
                                 .effects = Effects::kTransaction});
  // On the spout's thread: a hop would cost more than the parsing.
  auto parse = topology
                   .bolt("parse", [view = world.checks.view] { return ParseBolt{view}; },
                         {.effects = Effects::kNone})
                   .local(reports);
  auto devices = topology
                     .bolt("devices",
                           [checks = world.checks, memo = options.memo] {
                             return CredentialBolt<DeviceClaim>{checks, memo};
                           },
                           {.tasks = options.device_tasks, .effects = Effects::kNone})
                     .fields(parse[&ParseBolt::devices], &DeviceClaim::id, "device_id");
  // One task for each gateway, for the memory's sake only: in another process it is checked once more.
  // Not fields(), which means that nobody else may have the key.
  auto gateways =
      topology
          .bolt("gateways",
                [checks = world.checks, memo = options.memo] {
                  return CredentialBolt<GatewayClaim>{checks, memo};
                },
                {.tasks = options.gateway_tasks, .effects = Effects::kNone})
          .custom(parse[&ParseBolt::gateways], [](const GatewayClaim& claim, TaskChoice& to) {
            const std::uint64_t spread = stable_hash(to_uint(claim.id));
            to.send_to(static_cast<std::uint32_t>(spread % to.tasks()));
          });
  auto join = topology
                  .bolt("join", [] { return JoinBolt{kMessageTimeout + std::chrono::minutes{1}}; },
                        {.effects = Effects::kNone})
                  .global(devices)
                  .global(gateways);
  topology
      .bolt("publish",
            [sinks = world.sinks, sink = options.sink] {
              return RecordSinkBolt<Outcome>{sinks, encode, sink};
            },
            {.effects = Effects::kTransaction})
      .local(join);
  if (world.connections.transaction != nullptr) topology.exactly_once();
  return topology.build();
}

}  // namespace bora::authentication
