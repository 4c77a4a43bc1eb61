#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "bora/clock.hpp"

namespace bora::admin {

struct RateLimitOptions {
  std::uint32_t burst = 10;               ///< Attempts at once, after a rest.
  std::chrono::milliseconds each{6'000};  ///< One more is allowed after this.
  /// Names remembered. When there are more, those that have rested are forgotten; when none has,
  /// attempts under new names are refused, for it takes an attack to get there.
  std::size_t max_names = 10'000;
};

/// How often something may be tried under one name: a user, an address, a device.
/// Threads: thread-safe.
class RateLimit {
 public:
  explicit RateLimit(RateLimitOptions options) noexcept : options_(options) {}

  /// Counts an attempt. Zero: go on. Else it is refused, and may be tried again after this time.
  [[nodiscard]] std::chrono::milliseconds attempt(const std::string& name, Instant now);
  /// The last attempt was right, and does not count.
  void forgive(const std::string& name);

 private:
  void forget_rested(Instant now);

  const RateLimitOptions options_;
  std::mutex mutex_;
  // When a name has all its attempts again: each attempt moves it by `each`. Guarded by mutex_.
  std::unordered_map<std::string, Instant> rested_at_;
};

}  // namespace bora::admin
