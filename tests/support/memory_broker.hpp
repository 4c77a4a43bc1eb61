#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/record.hpp"

namespace bora::test {

/// Topics, commits and group memberships in memory: what outlives a crash of a process. MemorySource
/// and MemorySink reach it as a process reaches its broker; tests look at it from outside.
///
/// Threads: thread-safe (one lock). Deterministic: what it does depends on the calls alone.
/// Lifetime: outlives its sources and sinks.
class MemoryBroker {
 public:
  struct Stored {
    std::int64_t offset = 0;
    Record record;
  };
  struct CommitSeen {
    std::string group;
    std::string topic;
    CommitRequest request;
  };

  void create_topic(const std::string& topic, std::uint32_t partitions);
  [[nodiscard]] bool has_topic(std::string_view topic) const;

  /// Appends after `gap` offsets that will never exist. Returns the offset.
  std::int64_t append(std::string_view topic, std::uint32_t partition, Record record,
                      std::int64_t gap = 0);
  /// Appends to the partition of its key, or to partition 0.
  std::pair<std::uint32_t, std::int64_t> append(std::string_view topic, Record record);
  /// Removes a record as compaction does, leaving a gap.
  void erase(std::string_view topic, std::uint32_t partition, std::int64_t offset);

  [[nodiscard]] std::vector<Stored> records(std::string_view topic, std::uint32_t partition) const;
  [[nodiscard]] std::vector<Stored> records(std::string_view topic) const;  ///< Of all partitions.
  /// What was added since the last call with the same `seen`, which begins empty.
  [[nodiscard]] std::vector<Record> fresh_records(std::string_view topic,
                                                  std::vector<std::int64_t>& seen) const;
  /// The first offset that is not done; 0 when nothing was committed.
  [[nodiscard]] std::int64_t committed(std::string_view group, std::string_view topic,
                                       std::uint32_t partition) const;
  /// Every commit that took effect, in order.
  [[nodiscard]] std::vector<CommitSeen> commits() const;
  /// Commits that were ignored because the committer no longer owned the partition.
  [[nodiscard]] std::uint64_t ignored_commits() const;

  /// Ends all memberships without a word, as a crash of every process does: topics and commits stay.
  void crash();
  /// Takes the partition from its owner at once, as a session timeout does: the owner learns of it at
  /// its next poll, as lost; the next to poll that should have it gets it.
  void take_away(std::string_view group, std::string_view topic, std::uint32_t partition);
  /// Has the partition move to the next member of the group in the orderly way.
  void move_on(std::string_view group, std::string_view topic, std::uint32_t partition);

 private:
  friend class MemorySource;
  using MemberId = std::uint64_t;  // 0: nobody
  struct Partition {
    std::vector<Stored> records;  // by offset
    std::int64_t next_offset = 0;
  };
  struct Topic {
    std::vector<Partition> partitions;
  };
  struct Share {  // one partition, as a group sees it
    MemberId owner = 0;
    MemberId wanted = 0;
    std::uint64_t generation = 0;  // counts changes of owner
    std::int64_t committed = 0;
  };
  struct Group {
    std::vector<MemberId> members;
    std::vector<std::function<void()>> wakes;  // by member
    std::vector<Share> shares;
  };

  Topic& topic(std::string_view name);
  [[nodiscard]] const Topic& topic(std::string_view name) const;
  Group& group(std::string_view group_name, std::string_view topic_name);
  MemberId join(std::string_view group_name, std::string_view topic_name,
                std::function<void()> wake);
  void leave(std::string_view group_name, std::string_view topic_name, MemberId member);
  static void spread(Group& group);
  void wake_readers(std::string_view topic_name);

  // Recursive: listeners commit from inside the poll that calls them.
  mutable std::recursive_mutex mutex_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::map<std::pair<std::string, std::string>, Group> groups_;
  std::vector<CommitSeen> commits_;
  std::uint64_t ignored_commits_ = 0;
  MemberId last_member_ = 0;
};

}  // namespace bora::test
