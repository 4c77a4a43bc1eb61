#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/failure.hpp"
#include "bora/internal/inline.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

class Ledger;
class TaskBase;
struct Block;

/// A single-producer single-consumer ring of finished trees, from one executor to one spout task. It
/// has a slot for every tree of that spout, so it cannot overflow: completions never block.
struct alignas(64) CompletionLane {
  std::unique_ptr<TreeRef[]> slots;
  std::uint32_t mask = 0;
  std::uint32_t tail = 0;       // producer's own, ahead of published_tail
  std::uint32_t signalled = 0;  // producer's own: what published_tail is
  alignas(64) std::atomic<std::uint32_t> published_tail{0};  // release; partner: consumer's acquire
  alignas(64) std::uint32_t head = 0;                        // consumer's own
};

/// The part of an executor that author-facing templates touch for every tuple. Everything here
/// belongs to the executor's thread, save what is atomic.
///
/// Accounting of the tuple being executed: it holds one count of its tree. The first child (an
/// anchored emit, or a held token) inherits that count, each further one raises the tree's count by
/// one before the child can be seen, and a tuple without children gives its count back. So a linear
/// chain touches no count at all, and a tree whose count reads 1 belongs to the reader alone: it is
/// completed without a write, which keeps the counts' cache lines shared.
class ExecutorContext {
 public:
  ExecutorContext(const ExecutorContext&) = delete;
  ExecutorContext& operator=(const ExecutorContext&) = delete;

  /// The tuple being executed, as accounting sees it: its tree below, the number of its children
  /// above, kGuarded on top. One word, so that a tuple begins with one store.
  using Frame = std::uint64_t;
  /// The executing tuple holds a count of its own, because a block with one of its children left.
  static constexpr Frame kGuarded = Frame{1} << 63;
  static constexpr Frame kChild = Frame{1} << 32;

  [[nodiscard]] Frame frame() const noexcept { return frame_.load(std::memory_order_relaxed); }
  void set_frame(Frame frame) noexcept { frame_.store(frame, std::memory_order_relaxed); }
  /// The tree of the tuple being executed. Another thread that asks where a message is gets a hint.
  [[nodiscard]] TreeRef anchor() const noexcept { return static_cast<TreeRef>(frame()); }

  /// The input block being worked through and the index of the tuple being executed, for outputs that
  /// pass tuples on in place. Null outside of it.
  Block* in_block = nullptr;
  std::uint32_t in_index = 0;
  bool kept_in_place = false;  ///< The tuple at in_index stays where it is.

  /// Output lanes that could not hand over a block. While not zero, no input is taken.
  std::uint32_t blocked_lanes = 0;
  /// Where the current run through a block ends. A lane that blocks sets it to 0.
  std::uint32_t run_end = 0;

  /// Which task executes, for the threads that ask where a message is. Relaxed: a hint.
  std::atomic<std::uint32_t> current_task{0};
  /// The last tree of this run whose tuple was taken: the frame no longer names it. Likewise a hint.
  std::atomic<TreeRef> taken_tree{kUntracked};

  BORA_ALWAYS_INLINE void begin(TreeRef ref) noexcept { set_frame(ref); }
  BORA_ALWAYS_INLINE void end() {
    const Frame now = frame();
    // Not guarded and with children, which is a positive number: they have its count.
    if (static_cast<std::int64_t>(now) >= static_cast<std::int64_t>(kChild)) [[likely]]
      return;
    release(static_cast<TreeRef>(now));
  }
  /// Accounts for one more child of the executing tuple. Call once the child stands in its block (making
  /// it may throw) and before the block leaves.
  BORA_ALWAYS_INLINE void add_child() { add_child_to(frame()); }
  /// The same, when the frame is known.
  BORA_ALWAYS_INLINE void add_child_to(Frame before) {
    set_frame(before + kChild);
    if (before >= kChild) [[unlikely]]
      raise(static_cast<TreeRef>(before));
  }
  /// Call before a block leaves in the middle of an execute.
  void guard_frame() {
    const Frame now = frame();
    if (now < kChild || (now & kGuarded) != 0 || static_cast<TreeRef>(now) == kUntracked) return;
    raise(static_cast<TreeRef>(now));
    set_frame(now | kGuarded);
  }

  void raise(TreeRef ref) {
    if (ref == kUntracked) return;
    if ((ref & kJointBit) != 0) return raise_joint(ref);
    // relaxed: the caller holds a count, so nobody can see zero meanwhile; the hand-over of the child
    // orders this before the child's release.
    pending_[ref].fetch_add(1, std::memory_order_relaxed);
  }
  /// Gives one count back; completes the tree when it was the last.
  BORA_ALWAYS_INLINE void release(TreeRef ref) {
    if (ref == kUntracked) return;
    // acquire: partner is the acq_rel decrement of whoever else held a count.
    if ((ref & kJointBit) == 0 && pending_[ref].load(std::memory_order_acquire) == 1) [[likely]]
      return complete(ref);
    release_shared(ref);
  }
  /// Marks the tree failed; the caller still has to release its count.
  void fail(TreeRef ref, FailureKind kind, std::string reason);
  /// Fails the executing tuple with the exception in flight.
  void fail_current(std::exception_ptr error);

  [[nodiscard]] Ledger& ledger() const noexcept { return *ledger_; }
  [[nodiscard]] const std::shared_ptr<Ledger>& shared_ledger() const noexcept { return ledger_; }
  [[nodiscard]] const TaskBase* task_of(std::uint32_t id) const noexcept;

  /// The context of the executor that runs on this thread; null on foreign threads.
  static ExecutorContext* current() noexcept;

 protected:
  ExecutorContext() = default;
  ~ExecutorContext() = default;

  BORA_ALWAYS_INLINE void complete(TreeRef ref) {
    CompletionLane& lane = *completions_[ref >> owner_shift_];
    lane.slots[lane.tail++ & lane.mask] = ref;
  }
  void raise_joint(TreeRef ref);
  void release_shared(TreeRef ref);

  std::atomic<Frame> frame_{kUntracked};           // written by its executor alone
  std::atomic<std::uint32_t>* pending_ = nullptr;  // the ledger's
  std::uint32_t owner_shift_ = 0;
  CompletionLane** completions_ = nullptr;  // by owning spout task
  std::shared_ptr<Ledger> ledger_;          // with tokens that outlive the topology

  friend class Ledger;
};

/// Executes under another frame for a while; restores the outer one, also when a copy throws.
class FrameSwap {
 public:
  FrameSwap(ExecutorContext& context, ExecutorContext::Frame frame) noexcept
      : context_(context), outer_(context.frame()) {
    context.set_frame(frame);
  }
  ~FrameSwap() { context_.set_frame(outer_); }
  FrameSwap(const FrameSwap&) = delete;
  FrameSwap& operator=(const FrameSwap&) = delete;

 private:
  ExecutorContext& context_;
  const ExecutorContext::Frame outer_;
};

}  // namespace bora::internal
