#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bora/record.hpp"

namespace bora::log {

class TopicLog;
class SourceMembership;

/// Where a group begins in a partition for which it has committed nothing.
enum class StartAt : std::uint8_t { kOldest, kNewest };

struct LogSourceOptions {
  std::string topic;
  std::string group;
  StartAt start = StartAt::kOldest;
};

/// A member of a consumer group on one topic of a TopicLog.
///
/// The sources of one group share out the partitions, evenly and moving as few as possible; a
/// partition reaches its new owner only after the old owner's on_revoked() returned. Handing over
/// happens inside poll() and close() of the two members, so a member that stops polling keeps its
/// partitions (a stuck thread in the same process is a fault to mend, not to route around).
///
/// Threads: as RecordSource says; different sources may live on different threads.
/// Lifetime: dies before the log. The destructor leaves the group without calling the listener.
class LogSource final : public RecordSource {
 public:
  LogSource(TopicLog& log, LogSourceOptions options);
  ~LogSource() override;
  LogSource(const LogSource&) = delete;
  LogSource& operator=(const LogSource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override;
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override;
  void resume() override;
  /// Waits for one write to the write-ahead log, which may queue behind a sync of appends.
  Status commit(std::span<const CommitRequest> requests) override;
  /// What a compacted topic no longer has counts too, until it is passed over.
  [[nodiscard]] std::optional<std::uint64_t> lag() const override;
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override;
  void close() override;

  /// Records that retention removed before this source could read them. Any thread.
  [[nodiscard]] std::uint64_t skipped_records() const noexcept;

 private:
  TopicLog& log_;
  LogSourceOptions options_;
  std::atomic<std::uint64_t> skipped_{0};
  std::unique_ptr<SourceMembership> membership_;  ///< Null while not open.
};

}  // namespace bora::log
