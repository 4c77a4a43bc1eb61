#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/parts/topic_plan.hpp"
#include "topologies/parts/topics.hpp"

namespace bora::parts {

/// Where the topics of a program are: the settings `topics` and `kafka.*`.
struct TopicsOptions {
  host::Url url;                             ///< log:DIRECTORY or kafka://host:port,host:port
  std::map<std::string, std::string> kafka;  ///< Properties of librdkafka.
  /// Kafka: stands before the name of every topic and group, so that several installations can share a
  /// cluster: with `staging.`, what a program calls `readings` is `staging.readings` there.
  std::string prefix;
  /// Kafka: makes the process a static member of its groups, by a name that no other process has.
  std::string instance;

  std::string delivery = "at_least_once";  ///< Or exactly_once.
  std::string transaction_id;              ///< See KafkaPart::Options.

  /// `log:./data/topics`.
  TopicsOptions();
  /// Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
  /// Binds `<topology>.delivery` and `<topology>.transaction_id`, for a topology that has no effects but
  /// records: it says TopologyBuilder::exactly_once() when that is what was chosen.
  void bind_delivery(host::Settings& settings, const std::string& topology);
  [[nodiscard]] bool is_exactly_once() const noexcept { return delivery == "exactly_once"; }
  [[nodiscard]] bool is_kafka() const noexcept { return url.scheme() == "kafka"; }
};

/// The part that the URL names, not started. `required` are the topics that the process needs: a
/// Kafka cluster is asked for them at start and must have them; an embedded log makes them when they
/// are used. `clock` outlives the part; `program` is named in what to run.
/// Fails: kInvalid when a property is unknown or has no such value.
[[nodiscard]] Result<std::unique_ptr<TopicsPart>> make_topics(const TopicsOptions& options,
                                                              std::vector<TopicPlan> required,
                                                              std::string program,
                                                              const Clock& clock);

/// For commands. Opens an embedded log, whose owner must not run.
[[nodiscard]] Result<std::unique_ptr<TopicTools>> make_topic_tools(const TopicsOptions& options,
                                                                   const Clock& clock);

/// For commands: starts the part, calls `use`, stops it. Returns what `use` returned, or why the
/// topics could not be opened.
[[nodiscard]] Status with_topics(const TopicsOptions& options, const Clock& clock,
                                 const std::function<Status(TopicsPart&)>& use);

}  // namespace bora::parts
