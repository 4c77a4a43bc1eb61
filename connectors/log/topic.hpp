#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/log/log_options.hpp"

namespace bora::log {

class Topic;

/// A chunk in memory: the stored bytes and the offsets they cover. Immutable. Shared by the tail of its
/// partition and the readers that are inside it.
struct Chunk {
  std::int64_t base = 0;
  std::uint32_t span = 0;  ///< Offsets covered; one for each record, unless it was compacted.
  std::string bytes;
  [[nodiscard]] std::int64_t end() const noexcept { return base + span; }
};
using ChunkPtr = std::shared_ptr<const Chunk>;

/// What is known of a partition without reading it.
struct PartitionBounds {
  std::int64_t start = 0;            ///< First offset that is kept.
  std::uint64_t start_position = 0;  ///< Encoded bytes before it.
  std::int64_t end = 0;              ///< Next offset to be given.
  std::uint64_t end_position = 0;
  std::int64_t last_append_ms = 0;
};

/// What one compaction of a partition leaves for the next one to know.
struct CompactionMark {
  std::int64_t end = 0;    ///< Up to here it has seen the partition.
  std::uint64_t kept = 0;  ///< Records that it left below that.
  /// When the oldest tombstone that it left may be forgotten.
  std::optional<std::int64_t> next_tombstone_ms;
};

/// One partition: its bounds, and its newest chunks.
///
/// Threads: thread-safe. Only the writer thread calls publish() and recover_end(), only
/// retention calls move_start().
/// Invariants: start() <= end(); both only grow; what lies between them is durable by the log's policy.
class Partition {
 public:
  Partition(Topic& topic, std::uint32_t index, const PartitionBounds& bounds,
            std::size_t tail_bytes);

  [[nodiscard]] Topic& topic() const noexcept { return topic_; }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] std::int64_t start() const noexcept { return start_.load(); }
  [[nodiscard]] std::int64_t end() const noexcept { return end_.load(); }
  [[nodiscard]] PartitionBounds bounds() const;

  /// The chunk that holds `offset`, if it is among the newest; else null.
  [[nodiscard]] ChunkPtr in_tail(std::int64_t offset) const;

  /// Makes a durable chunk readable. Requires: it begins at end().
  void publish(ChunkPtr chunk, std::uint64_t end_position, std::int64_t append_ms);
  /// Takes over the end that the database has after it was opened again: a group whose writing failed
  /// may be there after all. False when records are missing that were published.
  [[nodiscard]] bool recover_end(const PartitionBounds& stored);
  /// Everything below `start` is gone, or (on failure to remove it) is there again.
  void move_start(std::int64_t start, std::uint64_t start_position);

  /// For who cleans up, one at a time.
  [[nodiscard]] CompactionMark& compaction() noexcept { return compaction_; }

 private:
  Topic& topic_;
  const std::uint32_t index_;
  const std::size_t tail_limit_;
  std::atomic<std::int64_t> start_;
  std::atomic<std::int64_t> end_;
  mutable std::mutex mutex_;  // guards what follows
  PartitionBounds bounds_;
  std::deque<ChunkPtr> tail_;
  std::size_t tail_bytes_ = 0;
  CompactionMark compaction_;  // guarded by the core's lock on cleaning up
};

/// Tells a source that poll() has something, if it asked. Threads: thread-safe.
///
/// The source arms, looks once more for data, and only then rests; a writer publishes data, and only
/// then looks whether the source is armed. Both orders are seq_cst, so one of them sees the other.
class Waiter {
 public:
  explicit Waiter(std::function<void()> wake) : wake_(std::move(wake)) {}
  void arm() noexcept { armed_.store(true); }
  void disarm() noexcept { armed_.store(false); }
  void wake_if_armed() {
    if (armed_.load() && armed_.exchange(false)) wake_();
  }
  void wake() {
    armed_.store(false);
    wake_();
  }

 private:
  std::function<void()> wake_;
  std::atomic<bool> armed_{false};
};

/// A topic and its partitions. Lives as long as the log. Threads: thread-safe.
class Topic {
 public:
  /// `bounds` has one entry per partition.
  Topic(std::uint32_t id, std::string name, TopicOptions options,
        const std::vector<PartitionBounds>& bounds, std::size_t tail_bytes);

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint32_t partitions() const noexcept {
    return static_cast<std::uint32_t>(partitions_.size());
  }
  /// Requires: index < partitions().
  [[nodiscard]] Partition& partition(std::uint32_t index) const;
  [[nodiscard]] Partition& partition_of(std::string_view key) const;
  /// Takes turns, for records without a key.
  [[nodiscard]] Partition& next_partition();

  [[nodiscard]] TopicOptions options() const;
  /// options().cleanup, without a lock.
  [[nodiscard]] Cleanup cleanup() const noexcept { return cleanup_.load(); }
  void set_options(const TopicOptions& options);

  /// After remove_waiter() returned, the waiter is not called any more.
  void add_waiter(Waiter& waiter);
  void remove_waiter(Waiter& waiter);
  void wake_waiters();

 private:
  const std::uint32_t id_;
  const std::string name_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::atomic<std::uint32_t> turn_{0};
  mutable std::mutex mutex_;  // guards options_
  TopicOptions options_;
  std::atomic<Cleanup> cleanup_;
  std::mutex waiters_mutex_;  // guards waiters_; held while they are called: a wake only signals
  std::vector<Waiter*> waiters_;
};

}  // namespace bora::log
