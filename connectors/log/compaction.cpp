#include "connectors/log/compaction.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/chunk_iterator.hpp"

namespace bora::log {
namespace {

Error damaged(const Partition& partition, std::string_view what) {
  return {ErrorKind::kCorrupt, "could not compact topic " + partition.topic().name() +
                                   " partition " + std::to_string(partition.index()) + ": " +
                                   std::string(what)};
}

/// Calls `each` with every chunk that begins in [from, to), in order, until one fails.
template <class Each>
Status for_each_chunk(const LogStore& store, const Partition& partition, std::int64_t from,
                      std::int64_t to, Each each) {
  ChunkIterator chunks{store, partition.topic().id(), partition.index(),
                       ChunkIterator::Reading::kForwards};
  for (std::int64_t next = from; next < to;) {
    const Result<ChunkPtr> chunk = chunks.find(next);
    if (!chunk) return chunk.status();
    if (*chunk == nullptr || (*chunk)->base > next)
      return damaged(partition, "records are missing");
    if (Status done = each(**chunk); !done) return done;
    next = (*chunk)->end();
  }
  return {};
}

/// Calls `each` with the decoder and every record of the chunk.
template <class Each>
Status for_each_record(const Partition& partition, const Chunk& chunk, Each each) {
  Result<ChunkDecoder> decoder = ChunkDecoder::open(chunk.bytes);
  if (!decoder) return decoder.status();
  Record record;
  while (decoder->remaining() > 0) {
    if (!decoder->next(record)) return damaged(partition, "a record is malformed");
    each(*decoder, record);
  }
  return {};
}

using NewestOffsets = std::unordered_map<std::string, std::int64_t>;

Result<NewestOffsets> find_newest(const LogStore& store, const Partition& partition,
                                  std::int64_t from, std::int64_t to) {
  NewestOffsets newest;
  const auto note_chunk = [&](const Chunk& chunk) {
    return for_each_record(partition, chunk, [&](const ChunkDecoder& at, const Record& record) {
      if (record.key) newest[*record.key] = chunk.base + at.place();
    });
  };
  if (Status read = for_each_chunk(store, partition, from, to, note_chunk); !read) return read;
  return newest;
}

/// Chunks that follow each other, and what is kept of them: one chunk in their place.
class Run {
 public:
  void begin_chunk(const Chunk& chunk) {
    if (sources_.empty()) {
      base_ = next_ = chunk.base;
      bytes_.assign(kCompactedHeaderBytes, '\0');
    }
  }
  void keep(const Record& record, std::int64_t offset, std::int64_t appended_ms) {
    std::optional<std::int64_t> tombstone;
    if (record.is_tombstone) tombstone = appended_ms;
    encode_compacted(record, static_cast<std::uint32_t>(offset - next_), tombstone, bytes_);
    next_ = offset + 1;
    ++count_;
  }
  void end_chunk(const Chunk& chunk, const ChunkHeader& header) {
    if (sources_.empty()) position_ = header.position;
    appended_ms_ = header.appended_ms;
    sources_.push_back(chunk.end() - 1);
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::size_t chunks() const noexcept { return sources_.size(); }
  /// Whether the offsets of one more chunk can be told in a header.
  [[nodiscard]] bool has_room_for(const Chunk& chunk) const noexcept {
    return sources_.empty() ||
           chunk.end() - base_ <= std::int64_t{std::numeric_limits<std::int32_t>::max()};
  }
  [[nodiscard]] Status replace(LogStore& store, const Partition& partition) {
    Chunk chunk;
    chunk.base = base_;
    chunk.span = static_cast<std::uint32_t>(sources_.back() + 1 - base_);
    write_compacted_header({count_, appended_ms_, position_, chunk.span}, bytes_);
    chunk.bytes = std::move(bytes_);
    return store.replace_chunks(partition, sources_, chunk);
  }

 private:
  std::vector<std::int64_t> sources_;  // their last offsets
  std::string bytes_;
  std::uint32_t count_ = 0;
  std::int64_t base_ = 0;
  std::int64_t next_ = 0;  // offset after the last one kept
  std::int64_t appended_ms_ = 0;
  std::uint64_t position_ = 0;
};

/// One pass over the chunks before the last one.
class Compaction {
 public:
  Compaction(LogStore& store, const Partition& partition, const NewestOffsets& newest,
             std::chrono::milliseconds tombstone_delay, WallTime now)
      : store_(store),
        partition_(partition),
        newest_(newest),
        delay_ms_(tombstone_delay.count()),
        now_ms_(to_millis(now)) {}

  Status take(const Chunk& chunk) {
    const Result<ChunkHeader> header = read_chunk_header(chunk.bytes);
    if (!header) return header.status();
    if (!run_.has_room_for(chunk))
      if (Status done = finish(); !done) return done;
    const std::uint64_t removed_before = removed_;
    run_.begin_chunk(chunk);
    const Status read =
        for_each_record(partition_, chunk, [&](const ChunkDecoder& at, const Record& record) {
          const std::int64_t offset = chunk.base + at.place();
          if (keeps(record, offset, at.appended_ms())) {
            run_.keep(record, offset, at.appended_ms());
            ++kept_;
          } else {
            ++removed_;
          }
        });
    if (!read) return read;
    run_.end_chunk(chunk, *header);
    is_changed_ |= removed_ != removed_before;
    return run_.bytes() >= kChunkBytes ? finish() : Status{};
  }
  /// Writes what is open, if that is better than what is there.
  Status finish() {
    Run run = std::exchange(run_, Run{});
    const bool is_worth_it = std::exchange(is_changed_, false) || run.chunks() > 1;
    return is_worth_it ? run.replace(store_, partition_) : Status{};
  }

  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }
  [[nodiscard]] std::uint64_t removed() const noexcept { return removed_; }
  [[nodiscard]] std::optional<std::int64_t> next_tombstone_ms() const noexcept {
    return next_tombstone_ms_;
  }

 private:
  bool keeps(const Record& record, std::int64_t offset, std::int64_t appended_ms) {
    if (!record.key) return true;  // from before the topic was compacted
    const auto newest = newest_.find(*record.key);
    if (newest != newest_.end() && newest->second > offset) return false;
    if (!record.is_tombstone) return true;
    if (now_ms_ - appended_ms > delay_ms_) return false;
    const std::int64_t due = appended_ms + delay_ms_ + 1;
    next_tombstone_ms_ = std::min(next_tombstone_ms_.value_or(due), due);
    return true;
  }

  LogStore& store_;
  const Partition& partition_;
  const NewestOffsets& newest_;
  const std::int64_t delay_ms_;
  const std::int64_t now_ms_;
  Run run_;
  bool is_changed_ = false;
  std::uint64_t kept_ = 0;
  std::uint64_t removed_ = 0;
  std::optional<std::int64_t> next_tombstone_ms_;
};

bool is_due(const CompactionMark& mark, std::int64_t end, WallTime now) {
  if (end == mark.end) return mark.next_tombstone_ms && to_millis(now) >= *mark.next_tombstone_ms;
  return static_cast<std::uint64_t>(end - mark.end) >= mark.kept / 2 ||
         (mark.next_tombstone_ms && to_millis(now) >= *mark.next_tombstone_ms);
}

}  // namespace

Result<std::uint64_t> compact(LogStore& store, Partition& partition, const TopicOptions& options,
                              WallTime now) {
  const PartitionBounds bounds = partition.bounds();
  CompactionMark& mark = partition.compaction();
  if (bounds.start == bounds.end || !is_due(mark, bounds.end, now)) return std::uint64_t{0};

  // The last chunk tells where the partition ends, after a restart: nothing takes its place.
  ChunkIterator newest_chunk{store, partition.topic().id(), partition.index(),
                             ChunkIterator::Reading::kAnywhere};
  const Result<ChunkPtr> last = newest_chunk.find(bounds.end - 1);
  if (!last) return last.status();
  if (*last == nullptr) return damaged(partition, "its last records are missing");

  const Result<NewestOffsets> newest = find_newest(store, partition, bounds.start, bounds.end);
  if (!newest) return newest.status();
  Compaction compaction{store, partition, *newest, options.tombstone_delay, now};
  Status done = for_each_chunk(store, partition, bounds.start, (*last)->base,
                               [&](const Chunk& chunk) { return compaction.take(chunk); });
  if (done) done = compaction.finish();
  if (!done) return done;
  mark = {bounds.end, compaction.kept(), compaction.next_tombstone_ms()};
  return compaction.removed();
}

}  // namespace bora::log
