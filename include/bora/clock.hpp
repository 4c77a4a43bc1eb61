#pragma once

#include <chrono>
#include <cstdint>

namespace bora {

/// A point of the monotonic clock: for timeouts, latencies and timers. Nanoseconds since an
/// arbitrary start.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
/// A point of the wall clock: for record timestamps. Milliseconds since 1970-01-01 UTC, the
/// resolution of Kafka records and of the wire format.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Where every part below host/ takes its time from, so that tests and the simulator can own it.
/// Threads: now() and wall_now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] virtual WallTime wall_now() const noexcept = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall_now() const noexcept override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

/// Milliseconds since 1970, as records carry it.
[[nodiscard]] inline std::int64_t to_millis(WallTime t) noexcept {
  return t.time_since_epoch().count();
}
[[nodiscard]] inline WallTime from_millis(std::int64_t ms) noexcept {
  return WallTime{std::chrono::milliseconds{ms}};
}

}  // namespace bora
