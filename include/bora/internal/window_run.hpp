#pragma once

#include <atomic>
#include <utility>

#include "bora/ack_token.hpp"
#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/internal/executor_context.hpp"

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

/// Runs `fn` as if it executed the tuple of `token`: plain emits are anchored to it, and the first takes
/// over its count. So the token may be gone afterwards; not when `fn` throws, which passes through.
/// Requires: `fn` does not take() the tuple.
/// Threads: the component's own.
template <class Fn>
void execute_as(AckToken& token, Fn&& fn) {
  ExecutorContext* const context = ExecutorContext::current();
  BORA_CHECK(context != nullptr, "execute_as() outside of a component's thread");
  context->guard_frame();  // children of the outer tuple may leave with blocks that `fn` fills
  const FrameSwap swap(*context, token.ref());
  try {
    fn();
  } catch (...) {
    context->guard_frame();
    throw;
  }
  const ExecutorContext::Frame now = context->frame();
  const bool is_guarded = (now & ExecutorContext::kGuarded) != 0;
  if (now >= ExecutorContext::kChild && !is_guarded) (void)std::move(token).detach();
}

}  // namespace bora::internal
