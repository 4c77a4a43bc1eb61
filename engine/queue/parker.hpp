#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace bora::internal {

/// The one place where an engine thread sleeps. One owner parks; anybody wakes.
///
///   parker.prepare(Parker::Depth::kSleep);  // from now on wakes are not lost
///   if (has_work()) parker.cancel();        // look again, after having said that we sleep
///   else parker.park(timeout);
///
/// A nap is a short sleep of an owner that was just at work: whoever has more to come may gather some
/// of it before waking it, as the nap's own timeout bounds what that can cost. It saves most of the
/// wake-ups, 2 us each for the waker and 6 for the sleeper, of a pipeline with more threads than cores.
///
/// Why no wake is lost: the waker makes its work visible with a seq_cst store and then loads parked_;
/// the owner stores parked_ and then looks for work with seq_cst loads. In the single total order one
/// of the two loads comes after the other side's store: either the waker sees parked_, or the owner
/// sees the work.
/// Wake-ups may be spurious.
class Parker {
 public:
  enum class Depth : std::uint32_t { kAwake = 0, kNap = 1, kSleep = 2 };

  void prepare(Depth depth) noexcept {
    parked_.store(static_cast<std::uint32_t>(depth), std::memory_order_seq_cst);
  }
  void cancel() noexcept { parked_.store(0, std::memory_order_relaxed); }
  /// Sleeps until woken or for `timeout` (none: without limit).
  void park(std::optional<std::chrono::nanoseconds> timeout) noexcept;

  /// Costs a load when the owner is awake.
  void wake() noexcept {
    if (parked_.load(std::memory_order_seq_cst) != 0) wake_sleeper();
  }
  [[nodiscard]] Depth depth() const noexcept {
    return static_cast<Depth>(parked_.load(std::memory_order_seq_cst));
  }

 private:
  void wake_sleeper() noexcept;
  alignas(64) std::atomic<std::uint32_t> parked_{0};
};

}  // namespace bora::internal
