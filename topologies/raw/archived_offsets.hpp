#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace bora::raw {

/// Remembers which offsets an archive has taken, so that it can count new entries without reading:
/// nearly every record is beyond all before it. One partition of a topic.
///
/// It answers "certainly new" or "perhaps not"; the second is settled by a look into the store. That
/// is all an exact count needs, so what is remembered may be bounded and lost:
/// 1. Every offset at or above floor_ that was added lies in one of spans_.
/// 2. Spans are disjoint, do not touch, and lie at or above floor_.
/// 3. An offset below floor_ is never certainly new.
///
/// Threads: single-owner.
class ArchivedOffsets {
 public:
  static constexpr std::size_t kMaxSpans = 256;

  /// `floor`: no offset at or above it was archived before.
  explicit ArchivedOffsets(std::int64_t floor = 0) noexcept : floor_(floor), next_(floor) {}

  /// Adds an offset. True when it was certainly not added before, here or before the floor was known.
  bool add_if_new(std::int64_t offset);

  /// One more than the largest offset added, or the floor it began with.
  [[nodiscard]] std::int64_t next() const noexcept { return next_; }

  [[nodiscard]] std::size_t span_count() const noexcept { return spans_.size(); }

 private:
  std::int64_t floor_;
  std::int64_t next_;
  std::map<std::int64_t, std::int64_t> spans_;  ///< First offset -> one past the last.
};

}  // namespace bora::raw
