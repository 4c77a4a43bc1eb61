#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "bora/clock.hpp"

namespace bora::testing {

/// A clock that moves when it is told to. Its monotonic time begins at one hour, its wall time at
/// 1,700,000,000 s after 1970 (a Tuesday in November 2023, 22:13:20 UTC).
/// Threads: thread-safe.
class ManualClock final : public Clock {
 public:
  static constexpr WallTime kWallStart{std::chrono::seconds{1'700'000'000}};

  [[nodiscard]] Instant now() const noexcept override {
    return Instant{std::chrono::nanoseconds{now_.load(std::memory_order_relaxed)}};
  }
  [[nodiscard]] WallTime wall_now() const noexcept override {
    return std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::sys_time<std::chrono::nanoseconds>{
            std::chrono::nanoseconds{wall_.load(std::memory_order_relaxed)}});
  }

  /// Time passes, on both clocks.
  void advance(std::chrono::nanoseconds by) noexcept {
    now_.fetch_add(by.count(), std::memory_order_relaxed);
    jump_wall(by);
  }
  /// Somebody sets the wall clock forward or, with a negative duration, back.
  void jump_wall(std::chrono::nanoseconds by) noexcept {
    wall_.fetch_add(by.count(), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> now_{std::chrono::nanoseconds{std::chrono::hours{1}}.count()};
  std::atomic<std::int64_t> wall_{std::chrono::nanoseconds{kWallStart.time_since_epoch()}.count()};
};

}  // namespace bora::testing
