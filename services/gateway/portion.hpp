#pragma once

#include <cmath>
#include <cstdint>

#include "services/gateway/random.hpp"

namespace bora::gateway {

/// How many of something to add to a stream: an exact number over all of it, or a share of each.
struct Portion {
  enum class Unit : std::uint8_t { kCount, kShare };
  Unit unit = Unit::kCount;
  double amount = 0;

  [[nodiscard]] static constexpr Portion count(std::uint64_t n) noexcept {
    return {Unit::kCount, static_cast<double>(n)};
  }
  /// 0.01: one for each hundred.
  [[nodiscard]] static constexpr Portion share(double p) noexcept { return {Unit::kShare, p}; }
};

/// Says how many to add after each item of a stream, so that all come out exactly and evenly spread:
/// selection sampling (Knuth, The Art of Computer Programming, 3.4.2, algorithm S), with repetition.
///
/// Threads: single-owner.
class Spread {
 public:
  /// Over `items` in all.
  Spread(std::uint64_t items, std::uint64_t count) noexcept : items_(items), left_(count) {}
  /// Over an endless stream.
  explicit Spread(double share) noexcept : share_(share) {}

  /// For one item more.
  std::uint64_t take(Random& random) noexcept {
    if (items_ == 0) {
      const double whole = std::floor(share_);
      return static_cast<std::uint64_t>(whole) + (random.unit() < share_ - whole ? 1 : 0);
    }
    const std::uint64_t now = left_ / items_ + (random.below(items_) < left_ % items_ ? 1 : 0);
    --items_;
    left_ -= now;
    return now;
  }

 private:
  std::uint64_t items_ = 0;
  std::uint64_t left_ = 0;
  double share_ = 0;
};

}  // namespace bora::gateway
