#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bolts/notifier/notifier.hpp"
#include "bolts/record_sink_bolt.hpp"
#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/alerts/bolts.hpp"
#include "topologies/alerts/rules.hpp"
#include "topologies/coldchain/telling/telling.hpp"

namespace bora::alerts {

inline constexpr std::string_view kReadingsTopic = "readings";
using coldchain::kAlertsTopic;

struct AlertsOptions {
  std::string group = "alerts";  ///< Consumer group.
  std::uint32_t time_tasks = 1;  ///< Threads that record when devices were heard.
  std::uint32_t max_in_flight = 8192;
  std::size_t batch_readings = 2048;  ///< Readings recorded at once, at most.
  Rules rules = {};
  RecordSpoutOptions spout = {};
};

/// What the topology works on. Called when components open, not before.
struct AlertsWorld {
  RecordConnections connections;  ///< Of topic `readings`.
  RegistrySource registry;
  StateSource state;
  notify::NotifierConnection notifier;
  SinkConnection sinks;
  const Clock& clock;  ///< The engine's; outlives the topology.
};

/// readings -> parse -> time, and loader -> info -> notify -> topic `alerts`: time says who is back, the
/// loader who fell silent.
/// README.md says what happens when any of it fails or the process dies.
[[nodiscard]] Result<Topology> make_topology(const AlertsOptions& options, AlertsWorld world);

}  // namespace bora::alerts
