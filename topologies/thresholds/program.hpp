#pragma once

#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"
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

/// Adds the topics, the registry, the shared state and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::thresholds
