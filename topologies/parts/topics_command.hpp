#pragma once

#include <functional>
#include <vector>

#include "bora/clock.hpp"
#include "host/run.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// `topics create [--partitions N] [--replication N] [--retention TIME]` makes the topics of a program
/// that are missing and leaves the others alone; `topics verify`, with the same options, says what is
/// not as planned, and fails then; `topics list` shows them. The options hold for topics whose plan
/// does not say otherwise.
///
/// `plans` is called when the command runs, with the settings loaded. `options` and `clock` outlive the
/// command.
[[nodiscard]] host::Command topics_command(const TopicsOptions& options,
                                           std::function<std::vector<TopicPlan>()> plans,
                                           const Clock& clock);

}  // namespace bora::parts
