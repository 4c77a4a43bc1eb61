#pragma once

#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/alerts/topology.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"
#include "topologies/parts/registry_part.hpp"
#include "topologies/parts/state_part.hpp"

namespace bora::alerts {

/// Binds the settings `alerts.*`. `alerts` outlives `settings`.
void bind(host::Settings& settings, AlertsOptions& alerts);

/// What the program is configured by.
struct ProgramOptions {
  parts::TopicsOptions topics;
  host::Url state;
  parts::NotifyOptions notify;
  AlertsOptions alerts;

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
[[nodiscard]] Status assemble(const AlertsOptions& options, const parts::NotifyOptions& notify,
                              const SharedParts& shared, const Clock& clock,
                              host::Assembly& assembly);

/// Adds the topics, the registry, the shared state and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::alerts
