#include "topologies/raw/archived_offsets.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace bora::raw {

bool ArchivedOffsets::add_if_new(std::int64_t offset) {
  // The last offset of all has no successor: it is left to the store to know.
  if (offset < floor_ || offset == std::numeric_limits<std::int64_t>::max()) return false;
  const std::int64_t past = offset + 1;
  next_ = std::max(next_, past);

  auto after = spans_.upper_bound(offset);
  const auto before = after == spans_.begin() ? spans_.end() : std::prev(after);
  if (before != spans_.end() && offset < before->second) return false;

  const bool touches_before = before != spans_.end() && before->second == offset;
  const bool touches_after = after != spans_.end() && after->first == past;
  if (touches_before && touches_after) {
    before->second = after->second;
    spans_.erase(after);
  } else if (touches_before) {
    before->second = past;
  } else if (touches_after) {
    const std::int64_t end = after->second;
    after = spans_.erase(after);
    spans_.emplace_hint(after, offset, end);
  } else {
    spans_.emplace_hint(after, offset, past);
    if (spans_.size() > kMaxSpans) {
      // Gaps that never fill (records that were dead-lettered, compaction) would pile up.
      floor_ = spans_.begin()->second;
      spans_.erase(spans_.begin());
    }
  }
  return true;
}

}  // namespace bora::raw
