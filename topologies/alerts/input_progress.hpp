#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>

#include "bora/clock.hpp"
#include "bora/record.hpp"

namespace bora::alerts {

/// Up to when a topology has done all that its topic holds: what "nothing was heard of a device" rests
/// on. Fed by the sources of one topology (watch()), asked by its loader.
///
/// A partition is done up to time T when T is the timestamp of a record below what is committed, or a
/// moment at which there was nothing left to read and everything read before is committed by now. So a
/// partition without records keeps up with the clock, and one with a backlog, or behind a failure, does
/// not.
/// Threads: thread-safe.
class InputProgress {
 public:
  struct Done {
    WallTime until{};                    ///< Of the partition that is furthest behind.
    std::set<std::uint32_t> partitions;  ///< Of this process.
    std::uint64_t assignments = 0;       ///< Grows whenever a partition comes.
  };
  /// Nothing: no partition is assigned, one is not known yet, or for less than `settle` nothing was
  /// disturbed: an assignment, an error, a clock that jumped, a process that stood still.
  [[nodiscard]] std::optional<Done> done(Instant now, std::chrono::nanoseconds settle) const;

  /// What is fed by a source.
  void assigned(std::uint32_t partition, std::int64_t next, Instant now);
  void revoked(std::uint32_t partition);
  void disturbed(Instant now);
  /// A record was read.
  void read(const RecordPosition& position, WallTime timestamp);
  /// Everything in `partitions` was read, at the wall time `at`.
  void read_all(const std::set<std::uint32_t>& partitions, WallTime at);
  void committed(std::uint32_t partition, std::int64_t next);

 private:
  struct Mark {
    std::int64_t next = 0;  // once all below is committed,
    WallTime until{};       // the partition is done until then
  };
  struct Partition {
    std::int64_t read_next = 0;
    std::int64_t committed_next = 0;
    std::optional<WallTime> until;
    std::deque<Mark> marks;  // ascending
  };
  void add_mark(Partition& partition, Mark mark);

  mutable std::mutex mutex_;  // guards all below
  std::map<std::uint32_t, Partition> partitions_;
  std::optional<Instant> disturbed_at_;
  std::uint64_t assignments_ = 0;
};

/// `source`, watched for `progress`. Both `clock` and `progress` outlive it.
[[nodiscard]] std::unique_ptr<RecordSource> watch(std::unique_ptr<RecordSource> source,
                                                  const Clock& clock, InputProgress& progress);

}  // namespace bora::alerts
