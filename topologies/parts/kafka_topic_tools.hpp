#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/kafka/topics.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// TopicTools of a Kafka cluster. Topics and groups are called without the prefix that stands before
/// their names there.
class KafkaTopicTools final : public TopicTools {
 public:
  [[nodiscard]] static Result<std::unique_ptr<KafkaTopicTools>> make(
      const kafka::KafkaOptions& options, std::string prefix = {},
      std::chrono::milliseconds timeout = std::chrono::seconds{10});

  Status create(const TopicPlan& plan) override;
  [[nodiscard]] Result<TopicPlan> describe(const std::string& topic) override;
  [[nodiscard]] Result<std::vector<std::int64_t>> ends(const std::string& topic) override;
  [[nodiscard]] Result<std::uint64_t> lag(const std::string& topic,
                                          const std::string& group) override;

 private:
  KafkaTopicTools(std::unique_ptr<kafka::TopicAdmin> admin, std::string prefix)
      : admin_(std::move(admin)), prefix_(std::move(prefix)) {}
  std::unique_ptr<kafka::TopicAdmin> admin_;
  std::string prefix_;
};

}  // namespace bora::parts
