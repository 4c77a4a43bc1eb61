#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bolts/record_sink_bolt.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/authentication/bolts.hpp"
#include "topologies/authentication/credential_memo.hpp"

namespace bora::authentication {

/// A report may wait for a slow check behind every other that is in flight: so long a message must be
/// allowed to stand still.
inline constexpr std::chrono::minutes kMessageTimeout{10};

struct AuthenticationOptions {
  std::string group = "authentication";  ///< Consumer group.
  std::uint32_t device_tasks = 1;  ///< Threads that look devices up, and remember their secrets.
  std::uint32_t gateway_tasks = 1;
  std::uint32_t max_in_flight = 8192;
  MemoOptions memo = {};
  RecordSpoutOptions spout = {};
  RecordSinkOptions sink = {};
};

/// What the topology works on. Called when components open, not before.
struct AuthenticationWorld {
  RecordConnections connections;  ///< Of topic `reports`.
  std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> sinks;
  CheckWorld checks;
};

/// reports -> parse -> devices and gateways, in parallel -> join -> `readings` or `reports.rejected`.
/// Each report becomes one record in one of the two, or a dead letter when it is none: exactly one for
/// readers of committed records, when the connections and the sinks are of one transaction.
[[nodiscard]] Result<Topology> make_topology(const AuthenticationOptions& options,
                                             AuthenticationWorld world);

/// The record that says so: the report without its secrets.
[[nodiscard]] OutgoingRecord encode(const Outcome& outcome);

}  // namespace bora::authentication
