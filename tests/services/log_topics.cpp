#include "services/log_topics.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"

namespace bora::services {

namespace {

/// Open while it lives.
class OpenLog {
 public:
  explicit OpenLog(const std::filesystem::path& path) {
    auto opened = log::TopicLog::open({.path = path}, clock_);
    BORA_CHECK(opened.is_ok(), std::string{opened.status().message()});
    log_ = *std::move(opened);
  }
  log::TopicLog* operator->() { return log_.get(); }

 private:
  const SystemClock clock_;
  std::unique_ptr<log::TopicLog> log_;
};

}  // namespace

void append_to_log(const std::filesystem::path& log, const std::string& topic,
                   const std::vector<Record>& records) {
  constexpr std::size_t kAtOnce = 1'000;
  OpenLog open{log};
  for (std::size_t first = 0; first < records.size(); first += kAtOnce) {
    const std::span all{records};
    const auto appended =
        open->append(topic, all.subspan(first, std::min(kAtOnce, records.size() - first)));
    BORA_CHECK(appended.is_ok(), std::string{appended.status().message()});
  }
}

std::vector<Record> read_log(const std::filesystem::path& log, const std::string& topic) {
  constexpr std::size_t kAll = std::size_t{1} << 40;
  OpenLog open{log};
  std::vector<Record> records;
  for (const log::TopicStats& stats : open->stats().topics) {
    if (stats.topic != topic) continue;
    for (std::uint32_t partition = 0; partition < stats.partitions.size(); ++partition) {
      std::vector<SourceRecord> found;
      const auto read = open->read(topic, partition, 0, kAll, found);
      BORA_CHECK(read.is_ok(), std::string{read.status().message()});
      for (SourceRecord& record : found)
        records.push_back(std::move(record.record));
    }
  }
  return records;
}

}  // namespace bora::services
