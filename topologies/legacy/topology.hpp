#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bolts/notifier/notifier.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "connectors/multilang/messages.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"

namespace bora::legacy {

inline constexpr std::string_view kReadingsTopic = "readings";

struct LegacyOptions {
  std::string group = "legacy";  ///< Consumer group.
  std::uint32_t max_in_flight = 1024;
  RecordSpoutOptions spout = {};

  /// The child that reshapes readings, and where it runs.
  std::vector<std::string> command = {"python3", "reshape.py"};
  std::string directory = {};
  std::uint32_t children = 1;     ///< Processes; each reading of a device goes to the same.
  std::size_t max_pending = 100;  ///< Readings that one child may have at once.
  std::chrono::milliseconds heartbeat_timeout{30'000};  ///< See multilang::ChildOptions.
};

/// What the topology works on. Called when components open, not before.
struct LegacyWorld {
  RecordConnections connections;      ///< Of topic `readings`.
  notify::NotifierConnection system;  ///< The older system.
  /// Takes what the children say, on threads of theirs; must not wait. Null drops it.
  std::function<void(multilang::LogLevel, std::string_view)> log = {};
};

/// readings -> parse -> reshape (a child process) -> post. README.md says what happens when any of it
/// fails or the process dies.
[[nodiscard]] Result<Topology> make_topology(const LegacyOptions& options, LegacyWorld world);

}  // namespace bora::legacy
