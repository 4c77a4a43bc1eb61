#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bora/failure.hpp"
#include "bora/internal/executor_context.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

struct RootTable;

/// Told when something of a spout's trees changed on a thread that has no completion lane to it.
class TreeOwner {
 public:
  virtual ~TreeOwner() = default;
  /// Thread-safe.
  virtual void notify() noexcept = 0;
};

/// The counts of all trees of a topology, and the slow side of acking: failures, joints, releases by
/// threads that the engine does not know.
///
/// Invariants:
///  1. A tree's count is 1 at rest (in the pool, or just opened), so opening one writes nothing here.
///  2. Whoever holds a tuple or token of a tree holds one count of it; only holders raise.
///  3. The count falls to 0, or is seen to be 1 by its only holder, exactly once per opening; that
///     holder completes the tree. Its owner puts the count back to 1 before it opens it again.
/// Threads: thread-safe. Lifetime: shared by executors and tokens; close() ends its ties to executors.
class Ledger {
 public:
  /// `trees` per owner, at most; owners are numbered 0 .. owners-1.
  Ledger(std::uint32_t owners, std::uint32_t trees);

  [[nodiscard]] std::uint32_t owner_shift() const noexcept { return shift_; }
  [[nodiscard]] std::atomic<std::uint32_t>* counts() noexcept { return counts_.get(); }
  /// The reference of an owner's slot 0; 0 stays unused, it means "untracked".
  [[nodiscard]] TreeRef base(std::uint32_t owner) const noexcept { return (owner << shift_) + 1; }
  void set_owner(std::uint32_t owner, TreeOwner& notified, const RootTable& roots);

  /// Marks a tree, or every tree of a joint, failed, with the first reason that comes. The caller
  /// holds a count. Returns the message id of the (first) tree, for the log.
  MessageId fail(TreeRef ref, Failure failure);

  /// Gives back one count from a thread without an executor of this topology.
  void release_foreign(TreeRef ref);
  /// Fails the tree and gives one count back, likewise; `task` held it.
  void fail_foreign(TreeRef ref, FailureKind kind, std::string reason, std::uint32_t task);
  /// Names a task, for failures that foreign threads report. Set once, before the first step.
  void set_names(std::function<Failure(std::uint32_t task)> names) { names_ = std::move(names); }
  /// Gives back one count of a tree that others hold, too; true when that completed it.
  [[nodiscard]] bool release_count(TreeRef ref) noexcept;

  /// A joint of `trees`, each of which gave one count to it. Holds one count of its own.
  [[nodiscard]] TreeRef make_joint(std::vector<TreeRef> trees);
  void raise_joint(TreeRef joint);
  /// Gives one count of the joint back. When it was the last: returns what it joined (trees, or joints),
  /// whose counts now pass to the caller.
  [[nodiscard]] std::vector<TreeRef> release_joint(TreeRef joint);
  /// The trees behind a reference; for who asks where a message is.
  [[nodiscard]] std::vector<TreeRef> trees_of(TreeRef ref) const;

  // --- owner's side ---
  struct FailedTree {
    TreeRef ref = kUntracked;
    Failure failure;
  };
  /// What arrived for this owner outside of its completion lanes. Cheap when nothing did.
  void take_arrivals(std::uint32_t owner, std::vector<FailedTree>& failed,
                     std::vector<TreeRef>& completed);
  [[nodiscard]] bool has_arrivals(std::uint32_t owner) const noexcept;

  /// Who holds a token of the tree, or of every tree of a joint: task id + 1, and whether it may take
  /// its time. A hint. Requires: ref is not kUntracked.
  static constexpr std::uint32_t kPatient = 0x8000'0000U;
  void set_holder(TreeRef ref, std::uint32_t task, std::uint32_t patience);
  [[nodiscard]] std::uint32_t holder(TreeRef ref) const noexcept;
  /// A token was held, ever.
  [[nodiscard]] bool any_held() const noexcept { return any_held_.load(std::memory_order_relaxed); }
  void clear_holder(TreeRef ref) noexcept {
    if (any_held_.load(std::memory_order_relaxed))
      holders_[ref].store(0, std::memory_order_relaxed);
  }

  /// Calls visit(joint, count, parts) for every joint that is held. For the simulator.
  void visit_joints(const std::function<void(TreeRef joint, std::uint32_t count,
                                             const std::vector<TreeRef>& parts)>& visit) const;

  /// From now on releases of remaining tokens do nothing.
  void close() noexcept;

 private:
  struct Joint {
    std::uint32_t count = 0;
    std::vector<TreeRef> trees;
  };
  struct Arrivals {
    std::mutex mutex;
    std::vector<FailedTree> failed;  // guarded by mutex
    std::vector<TreeRef> completed;  // guarded by mutex
    std::atomic<bool> any{false};
    TreeOwner* notified = nullptr;
    const RootTable* roots = nullptr;
  };
  MessageId fail_tree(TreeRef ref, const Failure& failure);
  void arrive(TreeRef ref);
  void release_open(TreeRef ref);

  std::uint32_t shift_;
  std::unique_ptr<std::atomic<std::uint32_t>[]> counts_;
  std::unique_ptr<std::atomic<std::uint32_t>[]> holders_;
  std::atomic<bool> any_held_{false};
  std::vector<std::unique_ptr<Arrivals>> arrivals_;  // by owner
  mutable std::mutex joints_mutex_;
  std::deque<Joint> joints_;                // guarded by joints_mutex_
  std::vector<std::uint32_t> free_joints_;  // guarded by joints_mutex_
  std::function<Failure(std::uint32_t)> names_;
  std::mutex close_mutex_;  // held while a foreign thread touches owners
  bool closed_ = false;     // guarded by close_mutex_
};

}  // namespace bora::internal
