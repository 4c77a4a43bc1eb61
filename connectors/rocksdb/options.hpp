#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bora::store {

/// How the values of one column family are packed into its files.
enum class Compression : std::uint8_t {
  kNone,
  kLz4,  ///< Cheap and fast; text such as JSON shrinks two to four times.
};

/// One column family: a key space of its own, written atomically with the others of its database.
struct FamilyOptions {
  std::string name = "default";

  /// Writes held in memory before they become a file. Larger: fewer, larger files and less
  /// compaction; smaller: less memory and a faster restart. At most three of them are in memory.
  std::size_t write_buffer_bytes = 32u << 20;

  /// Length of the key prefix within which keys arrive in ascending order, for instance the device
  /// or the partition; 0 when there is none. The memtable then remembers one insert position per
  /// prefix, which doubles the rate of such writes. Shorter keys are legal and get no hint.
  /// Not for a family that uses DeleteRange: before 9.2, RocksDB takes the hint of its keys for its
  /// deleted ranges too, and reads lose keys (facebook/rocksdb issue 5118).
  std::size_t ascending_prefix_bytes = 0;

  /// Unit of reading. Larger suits scans, smaller suits point reads.
  std::size_t block_bytes = 16u << 10;

  Compression compression = Compression::kLz4;

  /// True for a key whose entry is too old to keep: compactions leave it out, each file being looked at
  /// once a day at least. It may be read until then, so readers must look themselves. Called by
  /// RocksDB's own threads, for every key: quick, and never throws. Null: nothing is left out.
  std::function<bool(std::string_view key)> is_expired = {};
};

/// The house's settings of one RocksDB database.
struct DatabaseOptions {
  std::filesystem::path path;  ///< A directory of its own; created with its parents when missing.

  /// Blocks read from files and kept in memory, for all families together.
  std::size_t block_cache_bytes = 16u << 20;

  /// Upper bound of the write-ahead logs. Larger: fewer forced flushes; smaller: a faster restart,
  /// because a restart reads them again.
  std::uint64_t max_wal_bytes = 256u << 20;

  /// Threads that flush and compact, shared by all databases of the process.
  int background_jobs = 2;

  /// The family "default" always exists and is added with default options when missing here.
  std::vector<FamilyOptions> families;
};

}  // namespace bora::store
