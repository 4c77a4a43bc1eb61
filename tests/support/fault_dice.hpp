#pragma once

#include <cstdint>

#include "bora/stable_hash.hpp"

namespace bora::test {

/// Draws that depend on nothing but the seed and how many were made before.
class FaultDice {
 public:
  explicit FaultDice(std::uint64_t seed) noexcept : state_(stable_hash(seed)) {}

  /// True with this probability; draws nothing when it is zero, so that a fault that is switched off
  /// does not shift the others.
  [[nodiscard]] bool happens(double probability) noexcept {
    if (probability <= 0) return false;
    return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
  }
  /// 0 .. bound - 1. Requires: bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t next() noexcept { return stable_hash(state_++); }
  std::uint64_t state_;
};

}  // namespace bora::test
