#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/options.hpp"
#include "topologies/parts/topic_plan.hpp"
#include "topologies/parts/topics.hpp"
#include "topologies/parts/watched_source.hpp"

namespace bora::parts {

/// Topics in a Kafka cluster as a part of a process. Its start() asks the cluster for the topics that
/// the process needs; sources and sinks then have connections of their own.
class KafkaPart final : public TopicsPart {
 public:
  struct Options {
    kafka::KafkaOptions kafka;
    std::vector<TopicPlan> required;  ///< That start() verifies.
    std::string program = "bora";     ///< Whose `topics create` makes what is missing.
    std::string prefix = {};  ///< Stands before the name of every topic and group in the cluster.
  };
  /// `clock` outlives the part.
  KafkaPart(Options options, const Clock& clock);
  ~KafkaPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "Kafka topics"; }
  /// Fails: kNotFound or kInvalid when a topic is not as it must be, with what to run; kUnavailable
  /// when no broker answers within ten seconds.
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;

  [[nodiscard]] RecordConnections connections(std::string topic, std::string group) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> table(std::string topic) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> sinks() override;

 private:
  Options options_;
  const Clock& clock_;
  SourceWatch sources_;
  std::shared_ptr<kafka::KafkaSinkStats> sink_stats_;  ///< With the sinks.
};

}  // namespace bora::parts
