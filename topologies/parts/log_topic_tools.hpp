#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/log/topic_log.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// TopicTools of an embedded log.
class LogTopicTools final : public TopicTools {
 public:
  /// Opens it: its owner must not run.
  [[nodiscard]] static Result<std::unique_ptr<LogTopicTools>> open(log::LogOptions options,
                                                                   const Clock& clock);
  /// Of a log that is open and outlives them.
  explicit LogTopicTools(log::TopicLog& log) : log_(log) {}

  Status create(const TopicPlan& plan) override;
  [[nodiscard]] Result<TopicPlan> describe(const std::string& topic) override;
  [[nodiscard]] Result<std::vector<std::int64_t>> ends(const std::string& topic) override;
  [[nodiscard]] Result<std::uint64_t> lag(const std::string& topic,
                                          const std::string& group) override;

 private:
  explicit LogTopicTools(std::unique_ptr<log::TopicLog> log)
      : owned_(std::move(log)), log_(*owned_) {}
  [[nodiscard]] Result<log::TopicStats> find(const std::string& topic) const;

  const std::unique_ptr<log::TopicLog> owned_;  ///< Null: another's.
  log::TopicLog& log_;
};

}  // namespace bora::parts
