#pragma once

#include <cstdint>

namespace bora::gateway {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Gives the
/// same numbers for a seed with every compiler, which the distributions of <random> do not.
///
/// Threads: single-owner.
class Random {
 public:
  constexpr explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  /// A stream of its own for each pair, so that one device's numbers do not depend on another's.
  constexpr Random(std::uint64_t seed, std::uint64_t stream) noexcept
      : state_(Random{seed ^ Random{stream}.next()}.next()) {}

  constexpr std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In 0..limit-1, within 2^-32 of uniform for the limits used here. Requires: limit > 0.
  constexpr std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
  /// In [0, 1).
  constexpr double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace bora::gateway
