#include "engine/metrics/histogram.hpp"

#include <cstdint>

#include <benchmark/benchmark.h>

namespace bora {
namespace {

/// Once per block in the engine: durations scattered over six powers of ten.
void histogram_record(benchmark::State& state) {
  internal::Histogram histogram;
  std::uint64_t x = 88'172'645'463'325'252ULL;  // xorshift64
  for (auto _ : state) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    histogram.record(x >> 44, 64);
  }
}
BENCHMARK(histogram_record);

/// What a scrape of one task's histogram costs, percentiles included.
void histogram_read(benchmark::State& state) {
  internal::Histogram histogram;
  for (std::uint64_t ns = 1; ns < 1'000'000; ns += 97)
    histogram.record(ns, 1);
  for (auto _ : state) {
    const HistogramSnapshot snapshot = histogram.snapshot();
    benchmark::DoNotOptimize(snapshot.percentile(0.5));
    benchmark::DoNotOptimize(snapshot.percentile(0.99));
  }
}
BENCHMARK(histogram_read);

}  // namespace
}  // namespace bora
