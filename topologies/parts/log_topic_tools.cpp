#include "topologies/parts/log_topic_tools.hpp"

#include <algorithm>

namespace bora::parts {

Result<std::unique_ptr<LogTopicTools>> LogTopicTools::open(log::LogOptions options,
                                                           const Clock& clock) {
  auto opened = log::TopicLog::open(std::move(options), clock);
  if (!opened) return opened.status();
  return std::unique_ptr<LogTopicTools>{new LogTopicTools{*std::move(opened)}};
}

Status LogTopicTools::create(const TopicPlan& plan) {
  if (find(plan.name))
    return {ErrorKind::kInvalid, "could not create topic " + plan.name + ": it exists already"};
  log::TopicOptions options;
  options.partitions = plan.partitions;
  options.retention_age = plan.retention;
  if (plan.cleanup == TopicPlan::Cleanup::kCompact) {
    options.cleanup = log::Cleanup::kCompact;
    options.retention_age.reset();
  }
  return log_.create_topic(plan.name, options);
}

Result<TopicPlan> LogTopicTools::describe(const std::string& topic) {
  const auto found = find(topic);
  if (!found) return found.status();
  // What it forgets is not told by the log.
  return TopicPlan{.name = topic,
                   .partitions = static_cast<std::uint32_t>(found->partitions.size()),
                   .cleanup = std::nullopt};
}

Result<std::vector<std::int64_t>> LogTopicTools::ends(const std::string& topic) {
  const auto found = find(topic);
  if (!found) return found.status();
  std::vector<std::int64_t> ends;
  for (const log::PartitionStats& partition : found->partitions)
    ends.push_back(partition.end_offset);
  return ends;
}

Result<std::uint64_t> LogTopicTools::lag(const std::string& topic, const std::string& group) {
  const auto found = find(topic);
  if (!found) return found.status();
  for (const log::GroupStats& known : log_.stats().groups)
    if (known.topic == topic && known.group == group) return known.lag;
  std::uint64_t records = 0;
  for (const log::PartitionStats& partition : found->partitions)
    records += static_cast<std::uint64_t>(partition.end_offset - partition.start_offset);
  return records;
}

Result<log::TopicStats> LogTopicTools::find(const std::string& topic) const {
  for (log::TopicStats& known : log_.stats().topics)
    if (known.topic == topic) return std::move(known);
  return Error{ErrorKind::kNotFound, "there is no topic " + topic + " in the log"};
}

}  // namespace bora::parts
