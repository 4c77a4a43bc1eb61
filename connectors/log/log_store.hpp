#pragma once
// Private to this folder: includes RocksDB.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/write_batch.h>

#include "bora/status.hpp"
#include "connectors/log/chunk_iterator.hpp"
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

/// What the log keeps on disk (log_keys.hpp says under which keys).
///
/// A database that failed to write takes no more writes until it is opened again. So after a failure
/// everything that writes answers kUnavailable and calls the failure hook; the writer thread, and only
/// it, then calls reopen() until that succeeds.
///
/// Threads: thread-safe, but reopen() and the hook's setter. Every use of the database holds a shared
/// lock; reopen() takes it alone.
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

  /// Writes the chunks whole or not at all. On failure they may still be found by the next reopen().
  Status write_chunks(std::span<const std::pair<const Partition*, ChunkPtr>> chunks,
                      Durability durability);

  /// Puts `chunk` in the place of those that end with these offsets, at once: a crash leaves either.
  Status replace_chunks(const Partition& partition, std::span<const std::int64_t> old_last_offsets,
                        const Chunk& chunk);

  /// Removes the chunks of [from, to) and remembers that the partition starts at `to`.
  Status remove_chunks(const Partition& partition, std::int64_t from, std::int64_t to,
                       std::uint64_t position);

  /// `hook` is called on any thread when something found the database failed; it only signals.
  void on_failure(std::function<void()> hook) { failure_hook_ = std::move(hook); }
  [[nodiscard]] bool has_failed() const noexcept { return failed_.load(); }
  Status reopen();
  /// What the last write that failed said; empty since something was written and synced.
  [[nodiscard]] std::string failure() const;
  /// Writes and syncs as much as a chunk, and removes it, if there is a failure().
  Status probe();

 private:
  friend class ChunkIterator;
  /// The right to use the database while it lives; false when it is not open.
  class Access {
   public:
    Access(std::shared_mutex& mutex, const std::unique_ptr<store::Database>& database)
        : lock_(mutex), database_(database.get()) {}
    explicit operator bool() const noexcept { return database_ != nullptr; }
    store::Database* operator->() const noexcept { return database_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    store::Database* database_;
  };

  LogStore(const LogOptions& options, std::unique_ptr<store::Database> database);
  [[nodiscard]] Access access() const { return {mutex_, database_}; }
  [[nodiscard]] Error not_open(std::string_view tried) const;
  [[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried) const;
  [[nodiscard]] Error damaged(std::string_view what) const;
  Status check_format();
  Status write(rocksdb::WriteBatch& batch, bool is_synced, std::string_view tried);
  void note(const Status& written, bool is_synced);
  template <class Each>
  Status for_each_tagged(char tag, Each each) const;

  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> new_chunk_iterator(
      const rocksdb::ReadOptions& options) const;
  void add_iterator(ChunkIterator& iterator) const;
  void remove_iterator(ChunkIterator& iterator) const;

  const LogOptions options_;
  std::function<void()> failure_hook_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> has_failure_{false};  // a hint for note(): failure_ is not empty
  mutable std::mutex failure_mutex_;      // guards failure_
  std::string failure_;
  mutable std::shared_mutex mutex_;            // guards database_ and what iterators hold of it
  std::unique_ptr<store::Database> database_;  // null after a failed reopen()
  mutable std::mutex iterators_mutex_;         // guards iterators_
  mutable std::set<ChunkIterator*> iterators_;
};

}  // namespace bora::log
