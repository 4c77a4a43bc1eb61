#include <chrono>
#include <cstdint>

#include <catch2/catch.hpp>

#include "bora/metrics.hpp"
#include "engine/metrics/histogram.hpp"

using bora::HistogramSnapshot;
using bora::internal::Histogram;

TEST_CASE("every duration falls into a bucket whose bounds hold it, at most a sixteenth wide") {
  std::uint64_t below = 0;  // upper bound of the bucket before
  for (std::size_t bucket = 1; bucket < HistogramSnapshot::kBuckets; ++bucket) {
    const std::uint64_t upper = HistogramSnapshot::upper_bound_ns(bucket);
    REQUIRE(upper > below);
    REQUIRE(HistogramSnapshot::bucket_of(upper) == bucket);
    REQUIRE(HistogramSnapshot::bucket_of(below + 1) == bucket);
    REQUIRE(static_cast<double>(upper) <= static_cast<double>(below + 1) * 1.0625);
    below = upper;
  }
  CHECK(below == (std::uint64_t{1} << 40) - 1);
  CHECK(HistogramSnapshot::bucket_of(0) == 0);
}

TEST_CASE("durations beyond the last bucket are counted in it") {
  const auto last = HistogramSnapshot::kBuckets - 1;
  CHECK(HistogramSnapshot::bucket_of(std::uint64_t{1} << 40) == last);
  CHECK(HistogramSnapshot::bucket_of(~std::uint64_t{0}) == last);
}

TEST_CASE("a percentile is the least recorded duration that so many do not exceed") {
  Histogram h;
  CHECK(h.snapshot().percentile(0.5).count() == 0);
  for (std::uint64_t ns = 1; ns <= 10; ++ns)
    h.record(ns, 1);
  const HistogramSnapshot s = h.snapshot();
  CHECK(s.count == 10);
  CHECK(s.sum_ns == 55);
  CHECK(s.percentile(0.0).count() == 1);
  CHECK(s.percentile(0.1).count() == 1);
  CHECK(s.percentile(0.5).count() == 5);
  CHECK(s.percentile(0.51).count() == 6);
  CHECK(s.percentile(1.0).count() == 10);
  CHECK(s.percentile(2.0).count() == 10);
}

TEST_CASE("a percentile lies at most 6.25 % above the true duration, never below") {
  for (const std::uint64_t ns : {17ULL, 1'000ULL, 123'456'789ULL, 60'000'000'000ULL}) {
    Histogram h;
    h.record(ns, 3);
    const auto p = static_cast<std::uint64_t>(h.snapshot().percentile(0.5).count());
    CHECK(p >= ns);
    CHECK(static_cast<double>(p) <= static_cast<double>(ns) * 1.0625);
  }
}

TEST_CASE("a run of tuples is recorded at once, and weighs as many") {
  Histogram h;
  h.record(100, 64);
  h.record(1'000'000, 1);
  const HistogramSnapshot s = h.snapshot();
  CHECK(s.count == 65);
  CHECK(s.sum_ns == 6'400 + 1'000'000);
  CHECK(s.percentile(0.98).count() < 110);
  CHECK(s.percentile(0.999).count() >= 1'000'000);
}

TEST_CASE("merged histograms are those of both") {
  Histogram a;
  Histogram b;
  a.record(10, 2);
  b.record(10, 1);
  b.record(12, 5);
  HistogramSnapshot s = a.snapshot();
  s.merge(b.snapshot());
  CHECK(s.count == 8);
  CHECK(s.sum_ns == 90);
  CHECK(s.buckets[10] == 3);
  CHECK(s.percentile(1.0).count() == 12);
}
