#pragma once

#include <cstddef>
#include <cstdint>
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
//   count times: i64 timestamp, ms | key length + 1 (0: no key) | key | value length | value
//                | number of headers | per header: key length | key | value length | value
//
// Lengths are variable-length integers, seven bits per byte, lowest first.

inline constexpr std::uint8_t kChunkVersion = 1;
inline constexpr std::size_t kChunkHeaderBytes = 21;

struct ChunkHeader {
  std::uint32_t count = 0;       ///< Records in the chunk; at least one.
  std::int64_t appended_ms = 0;  ///< When the group was written; never decreases in a partition.
  std::uint64_t position =
      0;  ///< Encoded bytes of the partition before this chunk, since its birth.
  bool operator==(const ChunkHeader&) const = default;
};

/// Upper bound of what encode_record() adds for this record.
[[nodiscard]] std::size_t encoded_bound(const Record& record) noexcept;

/// Appends one encoded record; `timestamp` stands in for record.timestamp.
void encode_record(const Record& record, WallTime timestamp, std::string& out);

/// Overwrites the first kChunkHeaderBytes of `chunk`. Requires: it has them.
void write_chunk_header(const ChunkHeader& header, std::string& chunk);

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

 private:
  [[nodiscard]] bool step(Record* out);

  ChunkHeader header_;
  std::string_view rest_;
  std::uint32_t remaining_ = 0;
};

}  // namespace bora::log
