#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/log/append_batch.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// The one thread that writes records. It takes every batch that waits, gives out offsets, writes them
/// as one group, makes them readable, and tells who waits; meanwhile the next group gathers.
///
/// Threads: thread-safe. Lifetime: dies before the store and the topics.
class GroupWriter {
 public:
  /// `recover` takes over the ends of all partitions after the database was opened again; called on
  /// the writer thread.
  GroupWriter(LogStore& store, const Clock& clock, Durability durability,
              std::function<Status()> recover);
  ~GroupWriter() { close(); }

  /// Fails: kClosed.
  Status submit(AppendBatch batch, AppendDone done);

  /// Makes the thread look whether the database failed. Any thread.
  void poke();

  /// Completes what is queued and ends the thread. Safe to call twice.
  void close();

  [[nodiscard]] std::uint64_t appended_records() const noexcept { return appended_records_.load(); }
  [[nodiscard]] std::uint64_t written_groups() const noexcept { return written_groups_.load(); }
  [[nodiscard]] std::uint64_t failed_groups() const noexcept { return failed_groups_.load(); }

 private:
  struct Pending {
    AppendBatch batch;
    AppendDone done;
    std::vector<RecordPlace> places;
  };
  /// A partition within the group being built.
  struct Building {
    PartitionBounds bounds;  ///< What they will be when the group is written.
    std::string bytes;       ///< The chunk that is open; empty when none is.
    std::uint32_t count = 0;
    std::vector<std::pair<ChunkPtr, PartitionBounds>>
        chunks;  ///< Closed, each with the bounds after it.
  };
  struct Group {
    std::vector<Pending> batches;
    std::unordered_map<Partition*, Building> partitions;
    std::size_t records = 0;
  };

  void run();
  [[nodiscard]] bool wait_for_group(Group& group);
  Status make_ready();
  void build(Group& group, std::int64_t now_ms);
  static void add(Pending& pending, Group& group, std::int64_t now_ms);
  static void close_chunk(Building& building);
  void write(Group& group);
  static void publish(Group& group);
  static void complete(Group& group, const Status& status);

  LogStore& store_;
  const Clock& clock_;
  const Durability durability_;
  const std::function<Status()> recover_;
  Status ready_;      // writer thread only: or why the database could not be opened again
  Instant retry_at_;  // writer thread only: not before this is opening tried again
  std::atomic<std::uint64_t> appended_records_{0};
  std::atomic<std::uint64_t> written_groups_{0};
  std::atomic<std::uint64_t> failed_groups_{0};

  std::mutex mutex_;  // guards queue_, closing_ and is_poked_
  std::condition_variable changed_;
  std::deque<Pending> queue_;
  bool closing_ = false;
  bool is_poked_ = false;
  std::mutex close_mutex_;  // one close() at a time
  std::thread thread_;      // last: it uses all of the above
};

}  // namespace bora::log
