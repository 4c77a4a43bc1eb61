#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/log/assignment.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// The members of one group on one topic, who owns which partition, and what the group committed.
/// Lives as long as the log.
///
/// A partition goes from one member to another in three steps: joining or leaving changes who *should*
/// own it; the owner, in its own poll(), calls its listener and then give_up(); the new owner, in its
/// own poll(), calls take().
///
/// Threads: thread-safe; give_up(), take(), owns() and leave() by the member's own thread, so what a
/// member owns changes only on its own thread.
/// Invariant: at any time a partition has at most one owner; its epoch grows with every take().
class ConsumerGroup {
 public:
  struct Owned {
    std::uint32_t partition = 0;
    std::uint32_t epoch = 0;
  };

  ConsumerGroup(Topic& topic, std::string name, LogStore& store);

  [[nodiscard]] Topic& topic() const noexcept { return topic_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// `waiter` is woken when the member should poll because of a change; not after leave() returned.
  [[nodiscard]] MemberId join(Waiter& waiter);
  /// Gives up everything and leaves.
  void leave(MemberId member);

  /// Grows with everything that may concern a member: while it is the same, there is nothing to do.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_.load(); }

  [[nodiscard]] std::vector<Owned> to_give_up(MemberId member) const;
  [[nodiscard]] std::vector<Owned> owned(MemberId member) const;
  void give_up(MemberId member, std::uint32_t partition);
  /// Takes what should be the member's and has no owner.
  [[nodiscard]] std::vector<Owned> take(MemberId member);
  [[nodiscard]] bool owns(MemberId member, std::uint32_t partition, std::uint32_t epoch) const;

  /// First offset that is not done; nothing when the group has committed none.
  [[nodiscard]] std::optional<std::int64_t> committed(std::uint32_t partition) const;
  void restore_committed(std::uint32_t partition, std::int64_t next_offset);
  Status commit(std::span<const PartitionOffset> offsets);
  /// Commits the present end of every partition for which nothing is committed.
  Status begin_at_end();

  [[nodiscard]] std::uint32_t members() const;

 private:
  struct Member {
    MemberId id;
    Waiter* waiter;
  };
  struct Slot {
    std::optional<MemberId> target;  ///< Who should own the partition.
    std::optional<MemberId> owner;   ///< Who does.
    std::uint32_t epoch = 0;
    std::optional<std::int64_t> committed;
  };
  [[nodiscard]] std::vector<Owned> owned_where(MemberId member, bool only_leaving) const;
  void reassign();
  void announce();

  Topic& topic_;
  const std::string name_;
  LogStore& store_;
  std::atomic<std::uint64_t> changes_{0};
  std::mutex begin_mutex_;    // one begin_at_end() at a time
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Member> members_;
  std::vector<Slot> slots_;
  MemberId next_member_ = 1;
};

}  // namespace bora::log
