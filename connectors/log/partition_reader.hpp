#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/chunk_iterator.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// Reads one partition forwards: from memory while it is near the end, else from the database, chunk
/// by chunk. Returns durable records only. A chunk that it is inside of stays as it was when it was
/// entered, whatever compaction does meanwhile.
///
/// Threads: one. Lifetime: dies before the store and the partition.
class PartitionReader {
 public:
  PartitionReader(const LogStore& store, const Partition& partition, std::int64_t next_offset);

  /// Appends up to `max` records under `epoch`; 0 at the end of the partition.
  /// Fails: kCorrupt, kInvalid (a newer format), kUnavailable (the disk).
  Result<std::size_t> read(std::size_t max, std::uint32_t epoch, std::vector<SourceRecord>& out);

  [[nodiscard]] std::int64_t next_offset() const noexcept { return next_; }
  [[nodiscard]] bool has_more() const noexcept { return next_ < partition_.end(); }
  /// Records that retention removed before they could be read.
  [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

 private:
  Status read_one(std::uint32_t epoch, std::vector<SourceRecord>& out);
  Result<ChunkPtr> find_chunk();
  Status enter_next_chunk();
  void leave_chunk();
  void skip_to(std::int64_t offset) noexcept;
  [[nodiscard]] Error damaged(std::string_view what) const;

  const LogStore& store_;
  const Partition& partition_;
  std::int64_t next_;
  std::uint64_t skipped_ = 0;
  ChunkPtr chunk_;  ///< What decoder_ walks over; null between chunks.
  ChunkDecoder decoder_;
  std::unique_ptr<ChunkIterator> stored_;  ///< Only while reading from the database.
};

}  // namespace bora::log
