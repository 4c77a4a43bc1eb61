#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/topic_log.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "topologies/coldchain/series_store.hpp"
#include "topologies/raw/archive.hpp"

/// What is there at the end, told to the audit: from the stores themselves, not from counters of what
/// was attempted.
/// Threads: single-owner.
namespace bora::demo {

/// Follows a topic of the embedded log, whoever else reads it.
class TopicTail {
 public:
  explicit TopicTail(std::string topic) : topic_(std::move(topic)) {}
  /// Shows what came since the last call, partition by partition. A topic that is not there has nothing.
  Status read(const log::TopicLog& log, const std::function<void(const Record&)>& show);
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }

 private:
  std::string topic_;
  std::vector<std::int64_t> next_;
};

/// "clock_skew" of a dead letter whose reason is "clock_skew: the reading lies ...".
[[nodiscard]] std::string reason_of_dead_letter(const Record& letter);
/// The field `reason` of a record of topic `reports.rejected`.
[[nodiscard]] std::string reason_of_rejection(const Record& rejected);

[[nodiscard]] Status find_archived(const raw::ArchiveReader& archive, Audit& audit);
[[nodiscard]] Status find_points(const coldchain::SeriesScanner& series, Audit& audit);
/// Of the topics `readings`, `reports.rejected`, `alerts` and all dead letters.
[[nodiscard]] Status find_records(const log::TopicLog& log, Audit& audit);
/// In the file that notifications are written to; none when it is not there.
[[nodiscard]] Status find_notifications(const std::filesystem::path& file, Audit& audit);

}  // namespace bora::demo
