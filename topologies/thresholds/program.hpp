#pragma once

#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"
#include "topologies/parts/registry_part.hpp"
#include "topologies/parts/state_part.hpp"
#include "topologies/thresholds/topology.hpp"

namespace bora::thresholds {

/// Binds the settings `thresholds.*`. `thresholds` outlives `settings`.
void bind(host::Settings& settings, ThresholdsOptions& thresholds);

/// What the program is configured by.
struct ProgramOptions {
  parts::TopicsOptions topics;
  host::Url state;
  parts::NotifyOptions notify;
  ThresholdsOptions thresholds;

  ProgramOptions();
  void bind(host::Settings& settings);
  /// The topics that the program needs, with their dead letters.
  [[nodiscard]] std::vector<parts::TopicPlan> topic_plans() const;
};

/// What the topology shares with others in its process: added before it.
struct SharedParts {
  parts::TopicsPart& topics;
  parts::RegistryPart& registry;
  parts::StatePart& state;
};

/// Adds the topology alone. Fails: kInvalid when nobody can be notified as `notify` says.
[[nodiscard]] Status assemble(const ThresholdsOptions& options, const parts::NotifyOptions& notify,
                              const SharedParts& shared, host::Assembly& assembly);

/// Adds the topics, the registry, the shared state and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::thresholds
