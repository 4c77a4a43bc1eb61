#pragma once
// Private to this folder: includes RocksDB.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/log_options.hpp"
#include "connectors/log/topic.hpp"
#include "connectors/rocksdb/holders.hpp"

namespace bora::log {

struct StoredTopic {
  std::uint32_t id = 0;
  std::string name;
  TopicOptions options;  ///< `partitions` is always set.
};

struct StoredCommit {
  std::uint32_t topic = 0;
  std::uint32_t partition = 0;
  std::string group;
  std::int64_t next_offset = 0;
};

/// A committed offset of one partition.
struct PartitionOffset {
  std::uint32_t partition = 0;
  std::int64_t next_offset = 0;
};

/// Walks over the stored chunks of one partition, forwards. Sees what was stored when it was made.
///
/// Threads: one. Lifetime: dies before the store; pins old files, so do not keep it when idle.
class ChunkIterator {
 public:
  enum class Reading : std::uint8_t { kSequential, kRandom };
  ChunkIterator(const store::Database& database, std::uint32_t topic, std::uint32_t partition,
                Reading reading);
  ChunkIterator(const ChunkIterator&) = delete;
  ChunkIterator& operator=(const ChunkIterator&) = delete;

  /// Moves to the chunk that holds `offset`, or to the first one after it.
  void seek(std::int64_t offset);
  void seek_last();
  void next();
  [[nodiscard]] bool valid() const { return iterator_->Valid(); }
  /// Why it is not valid: ok at the end of the partition.
  [[nodiscard]] rocksdb::Status status() const { return iterator_->status(); }
  /// Offset after the last record of the chunk. Requires: valid().
  [[nodiscard]] std::int64_t end() const;
  /// Borrowed until the iterator moves. Requires: valid().
  [[nodiscard]] std::string_view bytes() const { return store::view(iterator_->value()); }

 private:
  std::string prefix_;
  std::string bound_;
  rocksdb::Slice prefix_slice_;  // ReadOptions keeps pointers to these two
  rocksdb::Slice bound_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

/// What the log keeps on disk, and under which keys (log_store.cpp says how).
///
/// Threads: thread-safe.
class LogStore {
 public:
  /// Fails: as Database::open(), and kInvalid when the directory was written by a newer format.
  [[nodiscard]] static Result<std::unique_ptr<LogStore>> open(const LogOptions& options);

  [[nodiscard]] Result<std::vector<StoredTopic>> load_topics() const;
  [[nodiscard]] Result<std::vector<StoredCommit>> load_commits() const;
  [[nodiscard]] Result<PartitionBounds> load_bounds(std::uint32_t topic,
                                                    std::uint32_t partition) const;

  Status save_topic(const StoredTopic& topic);
  Status save_commits(std::uint32_t topic, std::string_view group,
                      std::span<const PartitionOffset> offsets);

  /// Adds a chunk to a group.
  void put_chunk(rocksdb::WriteBatch& group, const Partition& partition, const Chunk& chunk) const;
  /// Writes a group whole or not at all. After a failure the database is brought back first.
  Status write_group(rocksdb::WriteBatch& group, Durability durability);

  /// Removes the chunks of [from, to) and remembers that the partition starts at `to`.
  Status remove_chunks(const Partition& partition, std::int64_t from, std::int64_t to,
                       std::uint64_t position);

  [[nodiscard]] std::unique_ptr<ChunkIterator> chunks(const Partition& partition,
                                                      ChunkIterator::Reading reading) const;
  [[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried) const {
    return database_->translate(status, tried);
  }

 private:
  explicit LogStore(std::unique_ptr<store::Database> database);
  Status check_format();

  std::unique_ptr<store::Database> database_;
  rocksdb::ColumnFamilyHandle* meta_;
  rocksdb::ColumnFamilyHandle* chunks_;
  bool must_resume_ = false;  ///< Writer thread only: the last write failed.
};

}  // namespace bora::log
