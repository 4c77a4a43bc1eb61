#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bora/partition_lag.hpp"
#include "bora/record.hpp"

namespace bora {

/// Knows, for every partition of one source, up to where everything is done.
///
/// Offsets begin in increasing order per partition, with gaps (compaction, transactions), and finish in
/// any order; what may be committed is the first offset that is not done.
///
/// Invariants:
///  1. A partition's window holds the offsets from its first unfinished one on, in increasing order;
///     its first entry is never finished.
///  2. What may be committed never goes down within one assignment.
///  3. A position of another assignment changes nothing.
///
/// Threads: single-owner.
/// Cost: O(1) amortised to begin and to finish where completions are roughly in order or offsets have
/// no gaps, O(log window) else; 16 bytes per offset of a window. The owner bounds the windows by not
/// beginning more while size() is at its limit.
class OffsetTracker {
 public:
  /// Whatever the owner wants back when an offset is looked up or finished.
  using Cookie = std::uint32_t;

  OffsetTracker();
  ~OffsetTracker();
  OffsetTracker(const OffsetTracker&) = delete;
  OffsetTracker& operator=(const OffsetTracker&) = delete;

  /// The partition is ours under `epoch`; nothing before `next_offset` is ours to do.
  /// Requires: it was revoked before, if it was assigned before.
  void assign(std::uint32_t partition, std::uint32_t epoch, std::int64_t next_offset);
  /// Forgets the partition and hands out the cookies of what was not finished. Does nothing when it
  /// is not assigned under `epoch`.
  void revoke(std::uint32_t partition, std::uint32_t epoch, std::vector<Cookie>& unfinished);
  /// The current assignment of the partition, if any.
  [[nodiscard]] std::optional<std::uint32_t> epoch_of(std::uint32_t partition) const noexcept;

  /// False, and nothing done, for a position of another assignment and for one that is not after all
  /// that began before: a duplicate.
  [[nodiscard]] bool begin(const RecordPosition& position, Cookie cookie);
  /// The cookie of what began and has not finished; nothing for a position of another assignment.
  [[nodiscard]] std::optional<Cookie> find(const RecordPosition& position);
  /// Marks it done. Nothing, and nothing changed, for a position of another assignment and for one
  /// that is finished already.
  std::optional<Cookie> finish(const RecordPosition& position);

  /// The first offset of the partition that is not done. Requires: it is assigned.
  [[nodiscard]] std::int64_t committable(std::uint32_t partition) const;
  /// Appends what moved since the last committed(), and lets go of memory that is not needed any more.
  void collect(std::vector<CommitRequest>& out);
  /// The same for one partition. Nothing when it did not move or is not assigned.
  [[nodiscard]] std::optional<CommitRequest> collect_one(std::uint32_t partition) const;
  /// These requests are durable.
  void committed(const CommitRequest& request) noexcept;

  /// Offsets that began and are not committable yet, finished or not, over all partitions.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The same added to the partitions that are listed.
  void add_sizes(std::vector<PartitionLag>& partitions) const;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  class Window;
  [[nodiscard]] Window* current(const RecordPosition& position) const noexcept;

  std::vector<std::unique_ptr<Window>> windows_;  // by partition; null when not assigned
  std::size_t size_ = 0;
};

}  // namespace bora
