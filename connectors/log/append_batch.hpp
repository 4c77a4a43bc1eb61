#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bora/status.hpp"

namespace bora::log {

class GroupWriter;
class Partition;
class Topic;
class TopicLogCore;

/// Where a record went.
struct RecordPlace {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const RecordPlace&) const = default;
};

/// What became of a batch: all of it, or nothing that may be relied on.
struct AppendOutcome {
  Status status;
  std::vector<RecordPlace> places;  ///< By order of adding, when ok; else empty.
};
using AppendDone = std::function<void(AppendOutcome outcome)>;

/// A share of the log's bounded queue. Move-only; what it holds goes back when it dies.
///
/// Threads: one thread at a time; the counter itself is shared by all.
class QueueShare {
 public:
  explicit QueueShare(std::atomic<std::size_t>& used) noexcept : used_(&used) {}
  QueueShare(QueueShare&& other) noexcept
      : used_(other.used_), bytes_(std::exchange(other.bytes_, 0)) {}
  QueueShare& operator=(QueueShare&& other) noexcept;
  ~QueueShare() { release(); }

  /// False, and nothing taken, when the queue would hold more than `limit` and is not empty.
  [[nodiscard]] bool try_take(std::size_t bytes, std::size_t limit) noexcept;
  /// Takes beyond any limit: for who must get on, and bounds itself.
  void take(std::size_t bytes) noexcept;
  void release() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::atomic<std::size_t>* used_;
  std::size_t bytes_ = 0;
};

/// Records on their way into the log, encoded. Filled by TopicLog::add, given to TopicLog::submit.
///
/// Threads: one thread at a time. Lifetime: dies before its log.
class AppendBatch {
 public:
  AppendBatch(AppendBatch&&) noexcept = default;
  AppendBatch& operator=(AppendBatch&&) noexcept = default;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return encoded_.size(); }

 private:
  friend class TopicLogCore;
  friend class GroupWriter;
  struct Entry {
    Partition* partition;
    std::size_t bytes;  ///< Of encoded_, in order.
  };
  explicit AppendBatch(std::atomic<std::size_t>& queued) noexcept : share_(queued) {}

  std::vector<Entry> entries_;
  std::string encoded_;
  Topic* topic_ = nullptr;        ///< Of the last record: most batches have one topic.
  Partition* keyless_ = nullptr;  ///< Where the keyless records of topic_ go in this batch.
  QueueShare share_;
};

}  // namespace bora::log
