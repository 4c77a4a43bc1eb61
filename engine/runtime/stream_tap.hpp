#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

#include "bora/clock.hpp"
#include "bora/running_topology.hpp"

namespace bora::internal {

/// Where tuples of one stream can be looked at. When the next sample is due says both whether anybody
/// looks and how often, so that is all a consumer asks.
/// Threads: thread-safe; consumers never wait for each other.
class StreamTap {
 public:
  using Watcher = std::function<bool(const TupleSample&)>;

  [[nodiscard]] bool is_due(Instant now) const noexcept {
    // relaxed: the mutex below hands the watcher over.
    return now.time_since_epoch().count() >= due_.load(std::memory_order_relaxed);
  }
  void watch(Instant now, std::chrono::nanoseconds pause, Watcher watcher) {
    const std::lock_guard lock(mutex_);
    watcher_ = std::move(watcher);
    pause_ = pause;
    due_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  /// Shows what `make()` gives, unless another task just does.
  template <class Make>
  void offer(Instant now, Make&& make) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || !is_due(now)) return;
    const bool goes_on = watcher_(make());
    if (!goes_on) watcher_ = nullptr;
    due_.store(goes_on ? (now + pause_).time_since_epoch().count() : kNever,
               std::memory_order_relaxed);
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  std::atomic<std::int64_t> due_{kNever};
  std::mutex mutex_;  // guards what follows
  Watcher watcher_;   // null: due_ is never
  std::chrono::nanoseconds pause_{};
};

}  // namespace bora::internal
