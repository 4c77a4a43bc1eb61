#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/kafka/topics.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// TopicTools of a Kafka cluster.
class KafkaTopicTools final : public TopicTools {
 public:
  [[nodiscard]] static Result<std::unique_ptr<KafkaTopicTools>> make(
      const kafka::KafkaOptions& options);

  Status create(const TopicPlan& plan) override;
  [[nodiscard]] Result<TopicPlan> describe(const std::string& topic) override;
  [[nodiscard]] Result<std::vector<std::int64_t>> ends(const std::string& topic) override;
  [[nodiscard]] Result<std::uint64_t> lag(const std::string& topic,
                                          const std::string& group) override;

 private:
  explicit KafkaTopicTools(std::unique_ptr<kafka::TopicAdmin> admin) : admin_(std::move(admin)) {}
  std::unique_ptr<kafka::TopicAdmin> admin_;
};

}  // namespace bora::parts
