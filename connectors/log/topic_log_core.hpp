#pragma once
// Private to this folder: includes RocksDB.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/append_batch.hpp"
#include "connectors/log/consumer_group.hpp"
#include "connectors/log/group_writer.hpp"
#include "connectors/log/log_options.hpp"
#include "connectors/log/log_stats.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// What a TopicLog is made of: the store, the topics, the groups and the writer. Topics and groups are
/// never removed, so pointers to them stay good.
///
/// Threads: thread-safe.
class TopicLogCore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TopicLogCore>> open(LogOptions options,
                                                                  const Clock& clock);

  [[nodiscard]] const LogOptions& options() const noexcept { return options_; }
  [[nodiscard]] LogStore& store() noexcept { return *store_; }
  [[nodiscard]] GroupWriter& writer() noexcept { return *writer_; }

  /// Null when there is none.
  [[nodiscard]] Topic* find_topic(std::string_view name) const;
  /// Makes it with default options when there is none. Fails: kInvalid for an illegal name.
  [[nodiscard]] Result<Topic*> topic(std::string_view name);
  Status create_topic(std::string_view name, const TopicOptions& options);
  [[nodiscard]] ConsumerGroup& group(Topic& topic, std::string_view name);

  [[nodiscard]] AppendBatch new_batch() { return AppendBatch{queued_bytes_}; }
  enum class Room : std::uint8_t {
    kBounded,  ///< kUnavailable when the queue is full.
    kGranted,  ///< Taken all the same.
  };
  /// All records or none; counts them against the queue as one.
  Status add(AppendBatch& batch, std::string_view topic, std::span<const Record> records,
             Room room = Room::kBounded);

  [[nodiscard]] std::vector<Topic*> topics() const;
  /// Held while retention runs: one at a time.
  [[nodiscard]] std::mutex& retention_mutex() noexcept { return retention_mutex_; }
  [[nodiscard]] LogStats stats() const;
  /// Sources that are open, those of tables too.
  [[nodiscard]] std::uint32_t open_sources() const;
  void table_opened() noexcept { ++open_tables_; }
  void table_closed() noexcept { --open_tables_; }

 private:
  TopicLogCore(LogOptions options, const Clock& clock, std::unique_ptr<LogStore> store);
  Status load();
  Status recover();
  Result<Topic*> make_topic(std::string_view name, const TopicOptions& options);
  ConsumerGroup& group_locked(Topic& topic, std::string_view name);
  Status check_size(std::size_t bytes, std::string_view topic) const;
  Status check_record(const Record& record, const Topic& topic) const;
  Status take_room(AppendBatch& batch, std::size_t bytes, Room room) const;
  void encode(AppendBatch& batch, Topic& topic, const Record& record) const;

  const LogOptions options_;
  const Clock& clock_;
  std::unique_ptr<LogStore> store_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<std::uint32_t> open_tables_{0};
  std::mutex retention_mutex_;
  mutable std::shared_mutex mutex_;  // guards the two maps; what they point to guards itself
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::map<std::pair<std::uint32_t, std::string>, std::unique_ptr<ConsumerGroup>> groups_;
  std::unique_ptr<GroupWriter> writer_;  // last: its thread uses all of the above
};

}  // namespace bora::log
