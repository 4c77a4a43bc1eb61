#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "bora/stable_hash.hpp"

namespace bora {

/// When a message that failed is tried again, and when no more.
///
///   const auto pause = policy.delay_after(failures, seed);   // pure: same arguments, same answer
///   if (policy.is_spent(failures)) dead_letter(message);
struct RetryPolicy {
  /// Times that a message is processed in all before it is a dead letter; 0 means 1. More rides out
  /// longer faults that nobody called Unavailable; fewer holds up the commit for less time.
  std::uint32_t attempts = 5;
  /// Pause after the first failure.
  std::chrono::milliseconds first_backoff{100};
  /// No pause is longer.
  std::chrono::milliseconds max_backoff{30'000};
  /// The same while a dependency is down: shorter, because these retries have no limit and the first
  /// success ends the outage.
  std::chrono::milliseconds max_outage_backoff{5'000};
  /// Each pause is this many times the one before; under 1 counts as 1.
  double multiplier = 2.0;
  /// Share of a pause by which it varies up or down, 0..1, so that what failed together does not come
  /// back together.
  double jitter = 0.2;

  [[nodiscard]] bool is_spent(std::uint32_t failures) const noexcept {
    return failures >= std::max<std::uint32_t>(attempts, 1);
  }
  /// Pause after the `failures`-th failure in a row (1 is the first). Never negative, never above
  /// max_backoff, whatever the numbers; `seed` picks the jitter.
  [[nodiscard]] std::chrono::nanoseconds delay_after(std::uint32_t failures,
                                                     std::uint64_t seed) const noexcept {
    return delay(failures, seed, max_backoff);
  }
  /// The same after the `failures`-th time in a row that a dependency was down.
  [[nodiscard]] std::chrono::nanoseconds outage_delay_after(std::uint32_t failures,
                                                            std::uint64_t seed) const noexcept {
    return delay(failures, seed, std::min(max_backoff, max_outage_backoff));
  }

 private:
  [[nodiscard]] std::chrono::nanoseconds delay(std::uint32_t failures, std::uint64_t seed,
                                               std::chrono::milliseconds cap) const noexcept;
};

inline std::chrono::nanoseconds RetryPolicy::delay(std::uint32_t failures, std::uint64_t seed,
                                                   std::chrono::milliseconds cap) const noexcept {
  // Worked out in doubles, which saturate at infinity instead of wrapping round. Ten years bound the
  // answer so that adding it to an Instant cannot overflow either.
  constexpr double kLongest = 10.0 * 365 * 24 * 3600 * 1e9;
  const double limit = std::clamp(static_cast<double>(cap.count()) * 1e6, 0.0, kLongest);
  const double first = static_cast<double>(first_backoff.count()) * 1e6;
  if (first <= 0 || limit <= 0) return std::chrono::nanoseconds{0};

  const double growth = multiplier > 1.0 ? multiplier : 1.0;  // also when it is no number
  const double exponent = failures == 0 ? 0.0 : static_cast<double>(failures - 1);
  const double base = std::min(limit, first * std::pow(growth, exponent));

  const double share = jitter > 0.0 ? std::min(jitter, 1.0) : 0.0;
  const std::uint64_t drawn = stable_hash(seed ^ stable_hash(std::uint64_t{failures} + 1));
  const double unit = static_cast<double>(drawn >> 11) * 0x1.0p-53;  // [0, 1)
  const double varied = base * (1.0 + share * (2.0 * unit - 1.0));
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::min(varied, limit))};
}

}  // namespace bora
