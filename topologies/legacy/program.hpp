#pragma once

#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "topologies/legacy/topology.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"

namespace bora::legacy {

/// What the topology is configured by: the settings `legacy.*`.
struct LegacySettings {
  LegacyOptions topology;
  parts::NotifyOptions system;  ///< The older system: `legacy.system` and how it is called.
  std::string command;          ///< `legacy.command`, words between spaces.

  LegacySettings();
  /// Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
};

struct ProgramOptions {
  parts::TopicsOptions topics;
  LegacySettings legacy;

  void bind(host::Settings& settings);
  /// The topics that the program needs, with their dead letters.
  [[nodiscard]] std::vector<parts::TopicPlan> topic_plans() const;
};

/// Adds the topology, and what takes its children's words to the log. `topics` outlives the assembly's
/// parts.
[[nodiscard]] Status add_legacy(const LegacySettings& settings, parts::TopicsPart& topics,
                                host::Assembly& assembly);

/// Adds the topics and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::legacy
