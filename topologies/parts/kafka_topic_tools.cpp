#include "topologies/parts/kafka_topic_tools.hpp"

#include <algorithm>

namespace bora::parts {

Result<std::unique_ptr<KafkaTopicTools>> KafkaTopicTools::make(const kafka::KafkaOptions& options,
                                                               std::string prefix,
                                                               std::chrono::milliseconds timeout) {
  auto admin = kafka::TopicAdmin::make(options, timeout);
  if (!admin) return admin.status();
  return std::unique_ptr<KafkaTopicTools>{
      new KafkaTopicTools{*std::move(admin), std::move(prefix)}};
}

Status KafkaTopicTools::create(const TopicPlan& plan) {
  return admin_->create({.name = prefix_ + plan.name,
                         .partitions = plan.partitions,
                         .replication = plan.replication,
                         .retention = plan.retention,
                         .cleanup = plan.cleanup == TopicPlan::Cleanup::kCompact
                                        ? kafka::Cleanup::kCompact
                                        : kafka::Cleanup::kDelete});
}

Result<TopicPlan> KafkaTopicTools::describe(const std::string& topic) {
  const auto found = admin_->describe(prefix_ + topic);
  if (!found) return found.status();
  return TopicPlan{.name = topic,
                   .partitions = found->partitions,
                   .replication = found->replication,
                   .retention = found->retention,
                   .cleanup = found->cleanup == kafka::Cleanup::kCompact
                                  ? TopicPlan::Cleanup::kCompact
                                  : TopicPlan::Cleanup::kDelete};
}

Result<std::vector<std::int64_t>> KafkaTopicTools::ends(const std::string& topic) {
  const auto ranges = admin_->offsets(prefix_ + topic);
  if (!ranges) return ranges.status();
  std::vector<std::int64_t> ends;
  for (const kafka::OffsetRange& range : *ranges)
    ends.push_back(range.end);
  return ends;
}

Result<std::uint64_t> KafkaTopicTools::lag(const std::string& topic, const std::string& group) {
  const auto ranges = admin_->offsets(prefix_ + topic);
  if (!ranges) return ranges.status();
  const auto committed = admin_->committed(prefix_ + topic, prefix_ + group);
  if (!committed) return committed.status();
  std::uint64_t lag = 0;
  for (std::size_t i = 0; i < ranges->size(); ++i) {
    const std::int64_t from = std::max((*ranges)[i].begin, (*committed)[i]);
    lag += static_cast<std::uint64_t>(std::max<std::int64_t>(0, (*ranges)[i].end - from));
  }
  return lag;
}

}  // namespace bora::parts
