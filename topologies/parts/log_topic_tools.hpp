#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/log/topic_log.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// TopicTools of an embedded log, which they open: its owner must not run.
class LogTopicTools final : public TopicTools {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LogTopicTools>> open(log::LogOptions options,
                                                                   const Clock& clock);

  Status create(const TopicPlan& plan) override;
  [[nodiscard]] Result<TopicPlan> describe(const std::string& topic) override;
  [[nodiscard]] Result<std::vector<std::int64_t>> ends(const std::string& topic) override;
  [[nodiscard]] Result<std::uint64_t> lag(const std::string& topic,
                                          const std::string& group) override;

 private:
  explicit LogTopicTools(std::unique_ptr<log::TopicLog> log) : log_(std::move(log)) {}
  [[nodiscard]] Result<log::TopicStats> find(const std::string& topic) const;

  std::unique_ptr<log::TopicLog> log_;
};

}  // namespace bora::parts
