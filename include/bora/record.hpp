#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/partition_lag.hpp"
#include "bora/status.hpp"

namespace bora {

/// One header of a record. Kafka allows a key to repeat; so do we.
struct RecordHeader {
  std::string key;
  std::string value;
  bool operator==(const RecordHeader&) const = default;
};

/// What a topic holds: an optional key, a payload, headers and a time, in Kafka's terms.
struct Record {
  std::optional<std::string> key;  ///< Absent: the sink spreads such records over the partitions.
  std::string value;
  std::vector<RecordHeader> headers;
  WallTime timestamp{};  ///< Set by the producer; the epoch means "now, when appended".
  /// No value at all, which is not the same as an empty one: a compacted topic forgets the key.
  bool is_tombstone = false;
  bool operator==(const Record&) const = default;
};

/// Where a record was read: enough to commit it and to name it in a log line.
struct RecordPosition {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  /// Counts the assignments of this partition to this source. A position of an older assignment is
  /// late: committing it would overwrite what the new owner did.
  std::uint32_t epoch = 0;
  bool operator==(const RecordPosition&) const = default;
};

struct SourceRecord {
  RecordPosition position;
  Record record;
};

/// Called by a source from inside poll(), on the thread that polls.
struct AssignmentListener {
  virtual ~AssignmentListener() = default;
  /// From now on records of `partition` arrive, under `epoch`, beginning at or after `next_offset`.
  virtual void on_assigned(std::uint32_t partition, std::uint32_t epoch,
                           std::int64_t next_offset) = 0;
  /// The partition leaves. When `lost` is false, what commit() is called with before this returns
  /// still counts; when true, another owner may already be at work and nothing may be committed.
  enum class Leave : std::uint8_t { kRevoked, kLost };
  virtual void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) = 0;
};

struct CommitRequest {
  std::uint32_t partition = 0;
  std::uint32_t epoch = 0;
  std::int64_t next_offset = 0;  ///< The first offset that is *not* done.
};

/// A consumer of one topic as member of one group: Kafka, the embedded log, or a test.
///
/// Threads: one thread calls everything but wake callbacks. No call waits longer than stated.
/// Fails: kUnavailable when the broker or disk is away (call again later), else not retryable.
class RecordSource {
 public:
  virtual ~RecordSource() = default;

  [[nodiscard]] virtual std::string_view topic() const noexcept = 0;

  /// Joins the group. `wake` may be called from any thread, at any time until close() returns, when
  /// poll() would return something after it returned nothing; it only signals.
  virtual Status open(AssignmentListener& listener, std::function<void()> wake) = 0;

  /// Appends up to `max` records to `out` without waiting, in offset order per partition. Offsets may
  /// have gaps (compaction, transactions). Returns the number appended.
  virtual Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) = 0;

  /// While paused, poll() still must be called (it keeps the membership alive) and returns nothing.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// Makes "everything below next_offset is done" durable. Requests of a lost epoch are ignored.
  virtual Status commit(std::span<const CommitRequest> requests) = 0;

  /// Records of the assigned partitions that poll() has not returned yet; nothing when not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> lag() const { return std::nullopt; }
  /// The same by assigned partition; those that are not known are left out.
  [[nodiscard]] virtual std::vector<PartitionLag> partition_lags() const { return {}; }

  /// Leaves the group. Revokes every partition first. Safe to call twice.
  virtual void close() = 0;
};

/// A producer into topics. append() is asynchronous: the effect is durable only when `done` says so.
///
/// Threads: one thread calls append() and flush(); `done` is called on that same thread from inside
/// append(), poll() or flush(), never from another.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  /// Opaque value that the caller gets back with the outcome.
  using Tag = std::uint64_t;
  struct Delivery {
    Tag tag = 0;
    Status status;                ///< ok: durable by the sink's policy.
    std::uint32_t partition = 0;  ///< Where it went, when ok.
    std::int64_t offset = 0;
  };

  /// Queues a record for `topic`. kUnavailable: the queue is full, call poll() and try again; the
  /// record was not taken. Any other error: this record can never be delivered.
  virtual Status append(std::string_view topic, Record record, Tag tag) = 0;

  /// Appends outcomes that are known by now to `out`, without waiting. Returns how many.
  virtual std::size_t poll(std::vector<Delivery>& out) = 0;

  /// Pushes out what is queued and waits for it, at most `timeout`. Outcomes come from poll().
  virtual Status flush(std::chrono::milliseconds timeout) = 0;

  /// `wake` may be called from any thread when poll() would return something; it only signals.
  virtual void on_delivery(std::function<void()> wake) = 0;
};

}  // namespace bora
