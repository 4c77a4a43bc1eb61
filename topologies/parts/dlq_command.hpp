#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "host/run.hpp"
#include "topologies/parts/make_topics.hpp"

namespace bora::parts {

/// `dlq list` shows for each topic how many dead letters it has and how many were not replayed yet;
/// `dlq show [--topic T] [--limit N]` prints them, a line of JSON each; `dlq replay [--topic T]
/// [--rate N] --yes` writes them back into the topics that they came from, as member of the group
/// `TOPIC.dlq.replay`, whose committed offsets are what has been replayed. Without --yes it only says
/// what it would do.
///
/// `topics` names the topics whose dead letters are meant; called when the command runs, with the
/// settings loaded. `options` and `clock` outlive the command. An embedded log has one owner, which
/// must not run.
[[nodiscard]] host::Command dlq_command(const TopicsOptions& options,
                                        std::function<std::vector<std::string>()> topics,
                                        const Clock& clock);

}  // namespace bora::parts
