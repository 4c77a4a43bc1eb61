#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "bora/metrics.hpp"

namespace bora::internal {

/// The recording side of a HistogramSnapshot. One thread records, any thread reads: a bucket is a
/// relaxed atomic that its owner loads and stores, no read-modify-write.
class Histogram {
 public:
  /// Records `times` durations of `ns`.
  void record(std::uint64_t ns, std::uint64_t times) noexcept {
    bump(buckets_[HistogramSnapshot::bucket_of(ns)], times);
    bump(count_, times);
    bump(sum_ns_, ns * times);
  }
  [[nodiscard]] HistogramSnapshot snapshot() const noexcept;

 private:
  static void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::array<std::atomic<std::uint64_t>, HistogramSnapshot::kBuckets> buckets_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> sum_ns_{0};
};

}  // namespace bora::internal
