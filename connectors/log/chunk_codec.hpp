#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bora/record.hpp"
#include "bora/status.hpp"

namespace bora::log {

// A chunk is what the log stores under one key: consecutive records of one partition that were written
// in one group. Storing many records at a time is what makes the log several times faster than one
// database entry per record.
//
//   u8 version | u32 count | i64 append time, ms | u64 position      (little-endian)
//   count times: i64 timestamp, ms | key length + 1 (0: no key) | key
//                | value length + 1 (0: a tombstone, no value) | value
//                | number of headers | per header: key length | key | value length | value
//
// Lengths are variable-length integers, seven bits per byte, lowest first. That is version 2. Version 1
// knew no tombstones: `value length | value`. Version 3 is what compaction leaves of one or more
// chunks: it still covers all their offsets, but holds only some of their records.
//
//   header as above | u32 span: offsets that it covers, the last one is the one that it is filed under
//   count times: offsets skipped since the record before | record as in version 2
//                | if it is a tombstone: i64 time at which it was appended, ms

inline constexpr std::uint8_t kPlainChunkVersion = 1;
inline constexpr std::uint8_t kChunkVersion = 2;
inline constexpr std::uint8_t kCompactedChunkVersion = 3;
inline constexpr std::size_t kChunkHeaderBytes = 21;
inline constexpr std::size_t kCompactedHeaderBytes = kChunkHeaderBytes + 4;
/// A chunk that reaches this size is closed: large enough that the cost per chunk vanishes, small
/// enough that a seek into the middle of one is cheap.
inline constexpr std::size_t kChunkBytes = 64u << 10;

struct ChunkHeader {
  std::uint32_t count = 0;       ///< Records in the chunk; at least one, unless it was compacted.
  std::int64_t appended_ms = 0;  ///< When the group was written; never decreases in a partition.
  std::uint64_t position =
      0;                   ///< Encoded bytes of the partition before this chunk, since its birth.
  std::uint32_t span = 0;  ///< Offsets that it covers: `count`, or more once it was compacted.
  bool operator==(const ChunkHeader&) const = default;
};

/// Upper bound of what encode_record() adds for this record.
[[nodiscard]] std::size_t encoded_bound(const Record& record) noexcept;

/// Appends one encoded record; `timestamp` stands in for record.timestamp.
void encode_record(const Record& record, WallTime timestamp, std::string& out);

/// Overwrites the first kChunkHeaderBytes of `chunk`; `span` is not looked at. Requires: it has them.
void write_chunk_header(const ChunkHeader& header, std::string& chunk);

/// Appends one record of a compacted chunk, `skipped` offsets after the one before. Requires a time for
/// a tombstone.
void encode_compacted(const Record& record, std::uint32_t skipped,
                      std::optional<std::int64_t> tombstone_appended_ms, std::string& out);

/// Overwrites the first kCompactedHeaderBytes of `chunk`. Requires: it has them.
void write_compacted_header(const ChunkHeader& header, std::string& chunk);

/// Reads only the header. Fails: kCorrupt when too short or empty, kInvalid for a version that this
/// build does not know.
[[nodiscard]] Result<ChunkHeader> read_chunk_header(std::string_view chunk);

/// Walks over the records of a chunk. Safe on any bytes: never reads outside them, and never
/// allocates more than they could hold.
///
/// Threads: one. Lifetime: borrows the bytes.
class ChunkDecoder {
 public:
  ChunkDecoder() = default;  ///< Has no records.
  /// Fails: as read_chunk_header().
  [[nodiscard]] static Result<ChunkDecoder> open(std::string_view chunk);

  [[nodiscard]] const ChunkHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::uint32_t remaining() const noexcept { return remaining_; }

  /// Decodes the next record; false when the bytes are malformed, and then nothing remains.
  /// Requires: remaining() > 0.
  [[nodiscard]] bool next(Record& out);
  /// Passes over the next record without copying it. As next().
  [[nodiscard]] bool skip();

  // Of the record that next() or skip() went over:
  /// Its offset, less the first that the chunk covers.
  [[nodiscard]] std::uint32_t place() const noexcept { return next_place_ - 1; }
  /// When it was appended.
  [[nodiscard]] std::int64_t appended_ms() const noexcept { return appended_ms_; }

 private:
  [[nodiscard]] bool step(Record* out);

  ChunkHeader header_;
  std::uint8_t version_ = kChunkVersion;
  std::string_view rest_;
  std::uint32_t remaining_ = 0;
  std::uint32_t next_place_ = 0;
  std::int64_t appended_ms_ = 0;
};

}  // namespace bora::log
