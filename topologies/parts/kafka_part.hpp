#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/options.hpp"
#include "connectors/kafka/transaction.hpp"
#include "topologies/parts/broker_log.hpp"
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
    /// Exactly once: connections() may be used by one spout, and all sinks() write into its transaction.
    Delivery delivery = Delivery::kAtLeastOnce;
    /// See kafka::TransactionOptions::id. Empty: a new one for each part.
    std::string transaction_id = {};
    /// Of this process within its groups; see kafka::KafkaSourceOptions::instance_id. Empty: no static
    /// members.
    std::string instance = {};
    std::string prefix = {};  ///< Stands before the name of every topic and group in the cluster.
  };
  /// `clock` outlives the part. Requires: options that are all right, see make_topics().
  KafkaPart(Options options, const Clock& clock);
  ~KafkaPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "Kafka topics"; }
  void attach(host::ServiceHost host) override {
    taps_ = host.taps;
    log_->attach(std::move(host));
  }
  /// While no broker answers it waits and says so, until the process that it is attached to shall end;
  /// unattached it tries once.
  /// Fails: kNotFound or kInvalid when a topic is not as it must be, with what to run; kUnavailable
  /// when no broker answered.
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  /// While the source of a topology reaches no broker: after some five seconds, until one is reached.
  [[nodiscard]] std::optional<std::string> unready() const override { return sources_.cut_off(); }

  [[nodiscard]] RecordConnections connections(std::string topic, std::string group) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> table(std::string topic) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> whole(std::string topic) override {
    return table(std::move(topic));
  }
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> newest(
      std::string topic, std::int64_t records) override;
  [[nodiscard]] RecordConnections connections_beside(std::string topic, std::string group) override;
  [[nodiscard]] Result<std::unique_ptr<TopicTools>> tools() override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> sinks() override;

 private:
  /// `transaction` may be null.
  [[nodiscard]] std::unique_ptr<RecordSource> source_of(const std::string& topic,
                                                        const std::string& group,
                                                        std::string instance,
                                                        kafka::Transaction* transaction);
  [[nodiscard]] std::unique_ptr<RecordSink> sink_of(kafka::Transaction* transaction);

  std::shared_ptr<BrokerLog> log_;  ///< With the clients, whose threads write to it.
  Options options_;
  const Clock& clock_;
  host::Taps* taps_ = nullptr;  ///< Of the process, if there is one.
  SourceWatch sources_;
  std::shared_ptr<kafka::KafkaSinkStats> sink_stats_;  ///< With the sinks.
  std::shared_ptr<kafka::Transaction> transaction_;    ///< With the spout; null: at least once.
};

}  // namespace bora::parts
