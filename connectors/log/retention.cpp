#include "connectors/log/retention.hpp"

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/chunk_iterator.hpp"

namespace bora::log {
namespace {

/// What is too old or too far from the end.
class Bound {
 public:
  Bound(const TopicOptions& options, const PartitionBounds& bounds, WallTime now)
      : options_(options), end_position_(bounds.end_position), now_ms_(to_millis(now)) {}

  /// True for a prefix of the partition: append time and position only grow with the offset.
  [[nodiscard]] bool passes(const ChunkHeader& chunk) const {
    const bool is_old =
        options_.retention_age && chunk.appended_ms < now_ms_ - options_.retention_age->count();
    const bool is_far =
        options_.retention_bytes && end_position_ - chunk.position > *options_.retention_bytes;
    return is_old || is_far;
  }

 private:
  const TopicOptions& options_;
  const std::uint64_t end_position_;
  const std::int64_t now_ms_;
};

struct Cut {
  std::int64_t offset = 0;
  std::uint64_t position = 0;
};

/// Halves the offsets until the first chunk that stays is found: a few seeks, however long the topic.
Result<Cut> find_cut(const LogStore& store, const Partition& partition,
                     const PartitionBounds& bounds, const Bound& bound) {
  ChunkIterator chunks{store, partition.topic().id(), partition.index(),
                       ChunkIterator::Reading::kAnywhere};
  std::int64_t low = bounds.start;
  std::int64_t high = bounds.end;
  Cut cut{bounds.end, bounds.end_position};
  while (low < high) {
    const Result<ChunkPtr> chunk = chunks.find(low + (high - low) / 2);
    if (!chunk) return chunk.status();
    if (*chunk == nullptr) break;  // nothing stored from here on
    const Result<ChunkHeader> header = read_chunk_header((*chunk)->bytes);
    if (!header) return header.status();
    if (bound.passes(*header)) {
      low = (*chunk)->end();
    } else {
      high = (*chunk)->base;
      cut = {high, header->position};
    }
  }
  return cut;
}

}  // namespace

Result<std::uint64_t> enforce_retention(LogStore& store, Partition& partition,
                                        const TopicOptions& options, WallTime now) {
  if (!options.retention_age && !options.retention_bytes) return std::uint64_t{0};
  const PartitionBounds bounds = partition.bounds();
  if (bounds.start == bounds.end) return std::uint64_t{0};
  const Result<Cut> cut = find_cut(store, partition, bounds, Bound{options, bounds, now});
  if (!cut) return cut.status();
  if (cut->offset <= bounds.start) return std::uint64_t{0};

  // Readers first: one that finds a chunk gone looks at the start again (see PartitionReader).
  partition.move_start(cut->offset, cut->position);
  if (Status removed = store.remove_chunks(partition, bounds.start, cut->offset, cut->position);
      !removed) {
    partition.move_start(bounds.start, bounds.start_position);
    return removed;
  }
  return static_cast<std::uint64_t>(cut->offset - bounds.start);
}

}  // namespace bora::log
