#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bora/record.hpp"

namespace bora::log {

class TopicLog;
class TableReading;

/// The whole of a topic of a TopicLog, for a table: every partition from its first record on, as a
/// member of no group. commit() does nothing; the next source begins at the start again.
///
/// Threads: as RecordSource says. Lifetime: dies before the log.
class LogTableSource final : public RecordSource {
 public:
  /// With `newest`, each partition is read from at most so many offsets before its end on.
  LogTableSource(TopicLog& log, std::string topic,
                 std::optional<std::int64_t> newest = std::nullopt);
  ~LogTableSource() override;
  LogTableSource(const LogTableSource&) = delete;
  LogTableSource& operator=(const LogTableSource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override { return topic_; }
  /// Assigns every partition from inside this call, under epoch 1. Fails: kInvalid (already open, a name
  /// that is none), kUnavailable (the disk, when the topic has to be made).
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override { is_paused_ = true; }
  void resume() override { is_paused_ = false; }
  Status commit(std::span<const CommitRequest>) override { return {}; }
  /// Known while open; 0 when everything durable was returned. Records that compaction took out count
  /// until they are passed over.
  [[nodiscard]] std::optional<std::uint64_t> lag() const override;
  void close() override;

 private:
  TopicLog& log_;
  const std::string topic_;
  const std::optional<std::int64_t> newest_;
  bool is_paused_ = false;
  std::unique_ptr<TableReading> reading_;  ///< Null while not open.
};

}  // namespace bora::log
