#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/rocksdb/key_codec.hpp"

// Keys of the log's database, all numbers big-endian:
//   family "chunks"   u32 topic | u32 partition | u64 last offset of the chunk  ->  chunk_codec.hpp
//   family "default"  'F'                                  ->  u32 format version
//                     'P'                                  ->  nothing: written and removed at once
//                     'T' | name                           ->  u32 id | u32 partitions
//                                                              | u64 age, ms | u64 bytes
//                                                              | u32 cleanup | u64 delay, ms
//                                              (the last two are not there in older databases)
//                     'S' | u32 topic | u32 partition      ->  u64 start offset | u64 position of it
//                     'C' | u32 topic | u32 partition | group  ->  u64 next offset
// A chunk is filed under its last offset so that one seek to an offset finds the chunk that holds it.

namespace bora::log {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::string_view kMetaFamily = "default";
inline constexpr std::string_view kChunkFamily = "chunks";
inline constexpr std::string_view kFormatKey = "F";
inline constexpr std::string_view kProbeKey = "P";
inline constexpr char kTopicTag = 'T';
inline constexpr char kStartTag = 'S';
inline constexpr char kCommitTag = 'C';
inline constexpr std::size_t kPartitionPrefixBytes = 8;

[[nodiscard]] inline std::string partition_prefix(std::uint32_t topic, std::uint32_t partition) {
  std::string key;
  store::append_u32(key, topic);
  store::append_u32(key, partition);
  return key;
}

[[nodiscard]] inline std::string chunk_key(std::uint32_t topic, std::uint32_t partition,
                                           std::int64_t last_offset) {
  std::string key = partition_prefix(topic, partition);
  store::append_u64(key, static_cast<std::uint64_t>(last_offset));
  return key;
}

[[nodiscard]] inline std::string tagged(char tag, std::string_view rest) {
  return std::string(1, tag).append(rest);
}

}  // namespace bora::log
