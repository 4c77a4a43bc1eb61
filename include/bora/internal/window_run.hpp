#pragma once

#include <atomic>

#include "bora/clock.hpp"
#include "bora/internal/executor_context.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

/// The clock, read once for each run of tuples that are taken one after the other: to read it for each
/// costs a fifth of a window's work.
/// Threads: the component's own.
class RunClock {
 public:
  [[nodiscard]] Instant now(const Clock& clock) {
    // The engine forgets the tree that was taken last where a run ends.
    const TreeRef taken = ExecutorContext::current()->taken_tree.load(std::memory_order_relaxed);
    if (taken == kUntracked || !is_read_) now_ = clock.now();
    is_read_ = true;
    return now_;
  }
  /// Something that may take long was done.
  void reset() noexcept { is_read_ = false; }

 private:
  Instant now_{};
  bool is_read_ = false;
};

/// Runs `fn` as if it executed the tuple of `ref`: plain emits are anchored to it. The first takes over the
/// caller's count of it: false then. What `fn` throws passes through, and leaves the caller a count.
/// Requires: `fn` does not take() the tuple.
/// Threads: the component's own.
template <class Fn>
[[nodiscard]] bool execute_as(ExecutorContext& context, TreeRef ref, Fn&& fn) {
  context.guard_frame();  // children of the outer tuple may leave with blocks that `fn` fills
  const FrameSwap swap(context, ref);
  try {
    fn();
  } catch (...) {
    context.guard_frame();
    throw;
  }
  const ExecutorContext::Frame now = context.frame();
  return now < ExecutorContext::kChild || (now & ExecutorContext::kGuarded) != 0;
}

}  // namespace bora::internal
