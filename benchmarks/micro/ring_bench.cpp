#include <atomic>
#include <cstdint>
#include <thread>

#include <benchmark/benchmark.h>

#include "engine/queue/spsc_ring.hpp"

namespace bora {
namespace {

using Ring = internal::SpscRing<std::uint64_t>;

/// Both sides on one thread: what the indices cost when no line moves.
void ring_push_pop(benchmark::State& state) {
  Ring ring{64};
  std::uint64_t value = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring.try_push(value));
    benchmark::DoNotOptimize(ring.try_pop(value));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ring_push_pop);

/// A push into a full ring: what a blocked producer pays per look.
void ring_push_full(benchmark::State& state) {
  Ring ring{64};
  while (ring.try_push(1)) {
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(ring.try_push(1));
}
BENCHMARK(ring_push_full);

/// Two threads that never sleep, and yield when there is nothing to do: per value, with both index
/// lines moving between cores. The ring of the engine carries a block of tuples per value.
void ring_two_threads(benchmark::State& state) {
  Ring ring{static_cast<std::size_t>(state.range(0))};
  std::atomic<bool> over{false};
  std::thread consumer{[&] {
    std::uint64_t value = 0;
    while (!over.load(std::memory_order_relaxed)) {
      while (ring.try_pop(value))
        benchmark::DoNotOptimize(value);
      std::this_thread::yield();
    }
  }};
  std::uint64_t value = 0;
  for (auto _ : state) {
    while (!ring.try_push(value))
      std::this_thread::yield();
    ++value;
  }
  over.store(true, std::memory_order_relaxed);
  consumer.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ring_two_threads)->Arg(64)->Arg(4096)->UseRealTime();

}  // namespace
}  // namespace bora
