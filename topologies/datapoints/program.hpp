#pragma once

#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "topologies/datapoints/series_part.hpp"
#include "topologies/datapoints/topology.hpp"
#include "topologies/parts/make_topics.hpp"

namespace bora::datapoints {

/// Binds the settings `datapoints.*`. `datapoints` outlives `settings`.
void bind(host::Settings& settings, DatapointsOptions& datapoints);

/// What the program is configured by.
struct ProgramOptions {
  parts::TopicsOptions topics;
  SeriesOptions series;
  DatapointsOptions datapoints;

  void bind(host::Settings& settings);
  [[nodiscard]] std::vector<parts::TopicPlan> topic_plans() const;
};

/// Adds the topology alone, on topics and a series store that were added before it.
[[nodiscard]] Status assemble(const DatapointsOptions& options, parts::TopicsPart& topics,
                              SeriesPart& series, host::Assembly& assembly);

/// Adds the topics, the series store and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::datapoints
