#include "engine/queue/parker.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>

#include <benchmark/benchmark.h>

namespace bora {
namespace {

using internal::Parker;

/// What every hand-over of a block pays while its consumer is awake.
void parker_wake_awake(benchmark::State& state) {
  Parker parker;
  for (auto _ : state)
    parker.wake();
}
BENCHMARK(parker_wake_awake);

void park_until(Parker& parker, const std::atomic<std::uint64_t>& turn, std::uint64_t mine) {
  while (turn.load(std::memory_order_seq_cst) < mine) {
    parker.prepare(Parker::Depth::kSleep);
    if (turn.load(std::memory_order_seq_cst) < mine) {
      parker.park(std::nullopt);
    } else {
      parker.cancel();
    }
  }
}

/// Two threads that wake each other in turn: one iteration is two wake-ups of a sleeping thread.
void parker_ping_pong(benchmark::State& state) {
  Parker here;
  Parker there;
  std::atomic<std::uint64_t> pings{0};
  std::atomic<std::uint64_t> pongs{0};
  std::atomic<bool> over{false};
  std::thread other{[&] {
    for (std::uint64_t turn = 1;; ++turn) {
      park_until(there, pings, turn);
      if (over.load(std::memory_order_relaxed)) return;
      pongs.store(turn, std::memory_order_seq_cst);
      here.wake();
    }
  }};
  std::uint64_t turn = 0;
  for (auto _ : state) {
    pings.store(++turn, std::memory_order_seq_cst);
    there.wake();
    park_until(here, pongs, turn);
  }
  over.store(true, std::memory_order_relaxed);
  pings.store(turn + 1, std::memory_order_seq_cst);
  there.wake();
  other.join();
}
BENCHMARK(parker_ping_pong)->UseRealTime();

}  // namespace
}  // namespace bora
