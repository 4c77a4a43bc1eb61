#include "engine/queue/parker.hpp"

#include <cerrno>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bora::internal {

// A futex by hand: std::atomic::wait has no timeout, and libstdc++ 12 spins before it sleeps, which
// starves a box with two cores.
void Parker::park(std::optional<std::chrono::nanoseconds> timeout) noexcept {
  const std::uint32_t depth =
      parked_.load(std::memory_order_relaxed);  // set by prepare(), or woken
  if (depth == 0) return;
  timespec limit{};
  if (timeout) {
    if (timeout->count() <= 0) return cancel();
    limit.tv_sec = static_cast<time_t>(timeout->count() / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(timeout->count() % 1'000'000'000);
  }
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&parked_), FUTEX_WAIT_PRIVATE, depth,
          timeout ? &limit : nullptr, nullptr, 0);
  cancel();
}

void Parker::wake_sleeper() noexcept {
  // Only one of several wakers pays for the system call.
  if (parked_.exchange(0, std::memory_order_seq_cst) == 0) return;
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&parked_), FUTEX_WAKE_PRIVATE, 1, nullptr,
          nullptr, 0);
}

}  // namespace bora::internal
