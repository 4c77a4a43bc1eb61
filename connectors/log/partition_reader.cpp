#include "connectors/log/partition_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace bora::log {

PartitionReader::PartitionReader(const LogStore& store, const Partition& partition,
                                 std::int64_t next_offset)
    : store_(store), partition_(partition), next_(std::max<std::int64_t>(next_offset, 0)) {}

Result<std::size_t> PartitionReader::read(std::size_t max, std::uint32_t epoch,
                                          std::vector<SourceRecord>& out) {
  const std::size_t before = out.size();
  std::size_t taken = 0;
  while (taken < max) {
    Status step;
    if (decoder_.remaining() > 0)
      step = read_one(epoch, out);
    else if (chunk_ != nullptr)
      leave_chunk();
    else if (has_more())
      step = enter_next_chunk();
    else
      break;
    // What was taken already counts; the error comes again with the next call.
    if (!step) return taken > 0 ? Result<std::size_t>{taken} : Result<std::size_t>{step};
    taken = out.size() - before;
  }
  return taken;
}

Status PartitionReader::read_one(std::uint32_t epoch, std::vector<SourceRecord>& out) {
  SourceRecord& record = out.emplace_back();
  if (!decoder_.next(record.record)) {
    out.pop_back();
    chunk_.reset();  // so that the same error comes again
    return damaged("a record is malformed");
  }
  next_ = chunk_->base + decoder_.place();
  record.position = {partition_.index(), next_, epoch};
  ++next_;
  if (decoder_.remaining() == 0) leave_chunk();
  return {};
}

/// The chunk covers offsets after its last record too, if it was compacted.
void PartitionReader::leave_chunk() {
  next_ = std::max(next_, chunk_->end());
  chunk_.reset();
}

Status PartitionReader::enter_next_chunk() {
  skip_to(partition_.start());
  if (!has_more()) return {};
  Result<ChunkPtr> found = find_chunk();
  if (!found) return found.status();
  if (*found == nullptr) {
    // Retention moves the start before it removes, so a chunk that is gone lies below the start.
    if (partition_.start() > next_) return {};
    return damaged("records are missing");
  }
  if ((*found)->base > next_) {
    skip_to(partition_.start());  // retention may have moved it meanwhile
    if ((*found)->base > next_) return damaged("records are missing");
  }
  Result<ChunkDecoder> decoder = ChunkDecoder::open((*found)->bytes);
  if (!decoder) return Error{decoder.error().kind, damaged(decoder.error().message).message};
  for (ChunkDecoder ahead = *decoder; ahead.remaining() > 0; *decoder = ahead) {
    if (!ahead.skip()) return damaged("a record is malformed");
    if ((*found)->base + ahead.place() >= next_) break;
  }
  decoder_ = *decoder;
  chunk_ = std::move(*found);
  return {};
}

Result<ChunkPtr> PartitionReader::find_chunk() {
  if (ChunkPtr newest = partition_.in_tail(next_)) {
    stored_.reset();
    return newest;
  }
  if (stored_ == nullptr)
    stored_ = std::make_unique<ChunkIterator>(store_, partition_.topic().id(), partition_.index(),
                                              ChunkIterator::Reading::kForwards);
  Result<ChunkPtr> found = stored_->find(next_);
  if (!found && !found.status().is_retryable())
    return Error{found.error().kind, damaged(found.error().message).message};
  return found;
}

void PartitionReader::skip_to(std::int64_t offset) noexcept {
  if (offset <= next_) return;
  skipped_ += static_cast<std::uint64_t>(offset - next_);
  next_ = offset;
}

Error PartitionReader::damaged(std::string_view what) const {
  std::string text = "could not read topic ";
  text.append(partition_.topic().name()).append(" partition ");
  text.append(std::to_string(partition_.index())).append(" at offset ");
  text.append(std::to_string(next_)).append(": ").append(what);
  text.append("; restore the directory from a backup, or commit a later offset to pass over it");
  return {ErrorKind::kCorrupt, std::move(text)};
}

}  // namespace bora::log
