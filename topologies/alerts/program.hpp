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

/// Adds the topics, the registry, the shared state and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::alerts
