#pragma once

#include <cstdint>

#include "bora/check.hpp"

namespace bora::testing {

/// Chance that can be repeated: the same seed gives the same throws on every machine and with every
/// standard library. Not for anything secret.
/// Threads: single-owner.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    // SplitMix64 (Steele, Lea, Flood 2014): any seed will do, neighbouring ones too.
    std::uint64_t x = (state_ += 0x9e37'79b9'7f4a'7c15ULL);
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebULL;
    return x ^ (x >> 31);
  }
  /// 0 .. n-1. Requires: n > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) {
    BORA_CHECK(n > 0, "dice without faces");
    return next() % n;  // the bias is under one in 2^32 for what is thrown here
  }
  /// least .. most, both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    BORA_CHECK(least <= most, "dice whose least face is above its greatest");
    return least + below(most - least + 1);
  }
  /// True one time in `n`; never when `n` is 0.
  [[nodiscard]] bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }
  /// Dice of their own: throwing these does not change what those will show.
  [[nodiscard]] Dice fork() noexcept { return Dice{next()}; }

 private:
  std::uint64_t state_;
};

}  // namespace bora::testing
