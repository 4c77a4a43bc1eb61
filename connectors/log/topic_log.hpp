#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/append_batch.hpp"
#include "connectors/log/log_options.hpp"
#include "connectors/log/log_stats.hpp"

namespace bora::log {

class TopicLogCore;

/// Topics inside the process: partitioned, ordered, durable sequences of records with consumer
/// groups, kept in one RocksDB database. What Kafka is at scale, without a server.
///
///   auto log = TopicLog::open({.path = "./data/topics"}, clock);
///   auto places = (*log)->append("readings", records);      // durable when it returns
///   LogSource source{**log, {.topic = "readings", .group = "raw"}};
///
/// Durability: appends of all threads queue up; one writer thread takes all that wait and writes them
/// as one group, by default with one sync, then completes them; the next group gathers meanwhile. An
/// append that succeeded survives `kill -9`, and under kSyncedEachGroup a power loss. A failed or
/// unanswered append may still be found in the log after a restart. Offsets of a partition are never
/// used for another record, and dense but for what compaction took out.
/// Committed offsets go to the write-ahead log without a sync of their own: they survive `kill -9`; a
/// power loss may take back the last ones, which only replays.
///
/// Threads: thread-safe. Lifetime: sources, sinks and the clock: the first two die before the log, the
/// clock after it.
class TopicLog {
 public:
  /// Fails: kUnavailable (another process has it open, disk full), kCorrupt, kInvalid (options, or
  /// written by a newer version).
  [[nodiscard]] static Result<std::unique_ptr<TopicLog>> open(LogOptions options,
                                                              const Clock& clock);

  /// Closes, then releases the database. Requires: no source is open.
  ~TopicLog();
  TopicLog(const TopicLog&) = delete;
  TopicLog& operator=(const TopicLog&) = delete;

  /// Makes the topic, or changes what an existing one forgets. Appending to or reading from an unknown
  /// topic makes it with default options.
  /// Fails: kInvalid when the name is not legal in Kafka ([a-zA-Z0-9._-], at most 249 characters) or
  /// the topic exists with another number of partitions.
  Status create_topic(std::string_view name, const TopicOptions& options);

  /// Appends all records and waits until they are durable by the log's policy; the i-th place is that
  /// of the i-th record. Keyed records go where Kafka's default partitioner sends them; the keyless
  /// ones of one call share a partition, the next call takes the next.
  /// Fails: kUnavailable when the queue is full (try later: HTTP 429) or the disk is, kInvalid for a
  /// record that is too large, kClosed. On failure nothing may be assumed appended.
  Result<std::vector<RecordPlace>> append(std::string_view topic, std::span<const Record> records);

  /// The asynchronous way: fill a batch, add by add, and submit it. An added record counts against
  /// max_queued_bytes until its batch is done or dropped.
  [[nodiscard]] AppendBatch new_batch();
  /// Fails: kUnavailable when the queue is full, kInvalid when this record can never be taken; either
  /// way the batch is as before.
  Status add(AppendBatch& batch, std::string_view topic, const Record& record);
  /// Queues the batch. `done` is called once, on the writer thread, and must only hand over; not
  /// called when this returns an error (kClosed). An empty batch is done at once, on this thread.
  Status submit(AppendBatch batch, AppendDone done);

  /// Reads up to `max` durable records of one partition from `offset` on (or from the start of the
  /// partition, if that is later), outside any group. For tools and tests.
  /// Fails: kNotFound for an unknown topic or partition.
  Result<std::size_t> read(std::string_view topic, std::uint32_t partition, std::int64_t offset,
                           std::size_t max, std::vector<SourceRecord>& out) const;

  /// Removes what the topics no longer keep, by retention or by compaction. To be called from time to
  /// time by the owner; the log never does so by itself. Returns the number of records removed.
  Result<std::uint64_t> enforce_retention(WallTime now);

  [[nodiscard]] LogStats stats() const;
  /// Why the disk took no more at the last attempt, with the path and what to do; empty since it does.
  [[nodiscard]] std::string failure() const;
  /// Tries the disk again if there is a failure(), which appends do too: so the end of it is noticed
  /// when nobody appends. To be called from time to time by the owner.
  Status probe();

  /// Completes what is queued, then refuses appends. Reading and committing go on. Safe to call twice.
  void close();

  /// For the classes of this folder.
  [[nodiscard]] TopicLogCore& core() const noexcept { return *core_; }

 private:
  explicit TopicLog(std::unique_ptr<TopicLogCore> core);
  std::unique_ptr<TopicLogCore> core_;
};

}  // namespace bora::log
