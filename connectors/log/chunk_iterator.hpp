#pragma once
// Private to this folder: includes RocksDB.

#include <cstdint>
#include <memory>
#include <string>

#include <rocksdb/iterator.h>

#include "bora/status.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

class LogStore;

/// Finds stored chunks of one partition.
///
/// Threads: one. Lifetime: dies before the store. Keeps its place, and so pins old files: not to be
/// kept while idle. The store may take its place away when the database is opened again; the next call
/// then finds its way anew.
class ChunkIterator {
 public:
  /// kForwards expects ascending calls of find() and reads ahead.
  enum class Reading : std::uint8_t { kForwards, kAnywhere };
  ChunkIterator(const LogStore& store, std::uint32_t topic, std::uint32_t partition,
                Reading reading);
  ~ChunkIterator();
  ChunkIterator(const ChunkIterator&) = delete;
  ChunkIterator& operator=(const ChunkIterator&) = delete;

  /// The chunk that holds `offset`, or else the first one after it; null when there is none.
  /// Fails: kUnavailable (the disk), kCorrupt, kInvalid (a newer format).
  [[nodiscard]] Result<ChunkPtr> find(std::int64_t offset);
  /// The newest chunk; null when there is none. Fails: as find().
  [[nodiscard]] Result<ChunkPtr> last();

 private:
  friend class LogStore;
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> make_iterator() const;
  [[nodiscard]] bool is_at(std::int64_t offset) const;
  [[nodiscard]] std::int64_t end() const;
  [[nodiscard]] Result<ChunkPtr> copy() const;

  const LogStore& store_;
  const std::string prefix_;
  const std::string bound_;
  const rocksdb::Slice prefix_slice_;  // ReadOptions keeps pointers to these two
  const rocksdb::Slice bound_slice_;
  const Reading reading_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // guarded by the store's lock on its database
};

}  // namespace bora::log
