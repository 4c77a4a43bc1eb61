#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "connectors/log/log_table_source.hpp"
#include "support/topic_log_fixture.hpp"

namespace bora::log::testing {

[[nodiscard]] inline Record tombstone(std::string key) {
  Record record = keyed(std::move(key), "");
  record.is_tombstone = true;
  return record;
}

/// A log with one compacted topic. Every append is a chunk of its own.
struct CompactedLog : LogFixture {
  explicit CompactedLog(std::uint32_t partitions = 1) {
    options.tail_bytes_per_partition = 0;  // readers see what is on the disk
    open();
    TopicOptions topic;
    topic.partitions = partitions;
    topic.cleanup = Cleanup::kCompact;
    topic.tombstone_delay = std::chrono::hours{1};
    BORA_CHECK(log->create_topic("t", topic).is_ok(), "no topic");
  }
  void put(std::string key, std::string value) {
    append(*log, "t", {keyed(std::move(key), std::move(value))});
  }
  void remove(std::string key) { append(*log, "t", {tombstone(std::move(key))}); }
  std::uint64_t compact() {
    const auto removed = log->enforce_retention(clock.wall);
    BORA_CHECK(removed.is_ok(), removed.status().message());
    return *removed;
  }
  /// `key=value@offset` of what is left of partition 0; no value for a tombstone.
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> texts;
    for (const SourceRecord& read : read_all(*log, "t", 0))
      texts.push_back(*read.record.key + (read.record.is_tombstone ? "" : "=" + read.record.value) +
                      "@" + std::to_string(read.position.offset));
    return texts;
  }
};

/// Reads a table from its start; what the newest records say.
[[nodiscard]] inline std::map<std::string, std::string> read_table(TopicLog& log) {
  struct NoListener final : AssignmentListener {
    void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
    void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
  } listener;
  LogTableSource source{log, "t"};
  BORA_CHECK(source.open(listener, [] {}).is_ok(), "no table");
  std::map<std::string, std::string> table;
  while (source.lag() != 0u) {
    std::vector<SourceRecord> records;
    const auto polled = source.poll(3, records);
    BORA_CHECK(polled.is_ok(), polled.status().message());
    for (const SourceRecord& read : records) {
      if (read.record.is_tombstone) {
        table.erase(*read.record.key);
      } else {
        table[*read.record.key] = read.record.value;
      }
    }
  }
  source.close();
  return table;
}

}  // namespace bora::log::testing
