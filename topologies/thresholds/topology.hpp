#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bolts/notifier/notifier.hpp"
#include "bolts/record_sink_bolt.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/coldchain/telling/telling.hpp"
#include "topologies/thresholds/claim_bolt.hpp"

namespace bora::thresholds {

inline constexpr std::string_view kReadingsTopic = "readings";
using coldchain::kAlertsTopic;

struct ThresholdsOptions {
  std::string group = "thresholds";  ///< Consumer group.
  std::uint32_t config_tasks = 1;    ///< Threads that compare readings with limits.
  std::uint32_t max_in_flight = 8192;
  RecordSpoutOptions spout = {};
};

/// What the topology works on. Called when components open, not before.
struct ThresholdsWorld {
  RecordConnections connections;  ///< Of topic `readings`.
  RegistrySource registry;
  StateSource state;
  notify::NotifierConnection notifier;
  SinkConnection sinks;
};

/// readings -> parse -> config -> temperature, battery -> info -> claim -> notify -> topic `alerts`.
/// README.md says what happens when any of it fails or the process dies.
[[nodiscard]] Result<Topology> make_topology(const ThresholdsOptions& options,
                                             ThresholdsWorld world);

}  // namespace bora::thresholds
