#include "engine/metrics/histogram.hpp"

#include <bit>
#include <cmath>

namespace bora {

namespace {
constexpr std::size_t kSubBits = 4;  // 16 buckets per power of two
constexpr std::size_t kSub = std::size_t{1} << kSubBits;
}  // namespace

std::size_t HistogramSnapshot::bucket_of(std::uint64_t ns) noexcept {
  if (ns < kSub) return static_cast<std::size_t>(ns);
  const auto exponent = static_cast<std::size_t>(std::bit_width(ns)) - 1;  // >= kSubBits
  const std::size_t sub = static_cast<std::size_t>(ns >> (exponent - kSubBits)) - kSub;
  const std::size_t bucket = (exponent - kSubBits + 1) * kSub + sub;
  return bucket < kBuckets ? bucket : kBuckets - 1;
}

std::uint64_t HistogramSnapshot::upper_bound_ns(std::size_t bucket) noexcept {
  if (bucket < kSub) return bucket;
  const std::size_t shift = bucket / kSub - 1;
  const std::uint64_t lowest = (kSub + bucket % kSub) << shift;
  return lowest + (std::uint64_t{1} << shift) - 1;
}

std::chrono::nanoseconds HistogramSnapshot::percentile(double q) const noexcept {
  if (count == 0) return {};
  const double wanted = std::ceil(q * static_cast<double>(count));
  const auto rank = wanted < 1 ? std::uint64_t{1} : static_cast<std::uint64_t>(wanted);
  std::uint64_t seen = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (buckets[i] == 0) continue;
    seen += buckets[i];
    last = i;
    if (seen >= rank) break;
  }
  return std::chrono::nanoseconds{upper_bound_ns(last)};
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i)
    buckets[i] += other.buckets[i];
  count += other.count;
  sum_ns += other.sum_ns;
}

namespace internal {

HistogramSnapshot Histogram::snapshot() const noexcept {
  HistogramSnapshot s;
  for (std::size_t i = 0; i < HistogramSnapshot::kBuckets; ++i)
    s.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
  // The sum of the buckets, not count_: a reader in between must see percentiles that add up.
  for (std::uint64_t n : s.buckets)
    s.count += n;
  s.sum_ns = sum_ns_.load(std::memory_order_relaxed);
  return s;
}

}  // namespace internal
}  // namespace bora
