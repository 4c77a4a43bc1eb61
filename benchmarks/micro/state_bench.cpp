// What a batch of readings costs at the shared state: the three calls that the alerts topology makes of
// each, over 100,000 devices. Redis: the server of BORA_REDIS=host:port, under a prefix of its own.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "tests/support/temporary_directory.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"
#include "topologies/coldchain/state/redis_state.hpp"

namespace bora::coldchain {

namespace {

constexpr std::uint64_t kDevices = 100'000;

/// Batches of readings, device after device, later with each round.
void run(benchmark::State& state, SharedState& shared) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  std::vector<DeviceId> devices(batch);
  std::vector<Sighting> heard(batch);
  LastSeen::Known known;
  std::vector<std::optional<Silence>> silences;
  std::uint64_t next = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i, ++next) {
      devices[i] = DeviceId{next * 7'919 % kDevices};
      heard[i] = {devices[i], from_millis(1'700'000'000'000 + static_cast<std::int64_t>(next)), 3};
    }
    const bool is_done = shared.last_seen().find(devices, from_millis(0), known).is_ok() &&
                         shared.silent_set().find(devices, silences).is_ok() &&
                         shared.last_seen().record(heard).is_ok();
    if (!is_done) return state.SkipWithError("the state is away");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}

void embedded(benchmark::State& state, Durability durability) {
  const testing::TemporaryDirectory directory;
  const auto opened = EmbeddedState::open({.path = directory.path(), .durability = durability});
  if (!opened) return state.SkipWithError("the state does not open");
  const auto shared = (*opened)->connect();
  run(state, *shared);
}

void embedded_synced(benchmark::State& state) { embedded(state, Durability::kSynced); }
void embedded_buffered(benchmark::State& state) { embedded(state, Durability::kBuffered); }

void redis(benchmark::State& state) {
  const char* const address = std::getenv("BORA_REDIS");
  if (address == nullptr) return state.SkipWithError("BORA_REDIS is not set");
  const auto options = redis::parse_url("redis://" + std::string(address) + "?prefix=bench:");
  if (!options) return state.SkipWithError("BORA_REDIS is no host:port");
  redis::RedisStats stats;
  const auto shared = connect_redis_state(*options, stats);
  run(state, *shared);
}

/// Opening the state of 100,000 devices, as a restart does.
void embedded_restart(benchmark::State& state) {
  const testing::TemporaryDirectory directory;
  {
    const auto opened = EmbeddedState::open({.path = directory.path()});
    std::vector<Sighting> heard;
    for (std::uint64_t i = 0; i < kDevices; ++i)
      heard.push_back({DeviceId{i}, from_millis(1'700'000'000'000), 3});
    if (!opened || !(*opened)->connect()->last_seen().record(heard))
      return state.SkipWithError("the state does not open");
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(EmbeddedState::open({.path = directory.path()}));
}

BENCHMARK(embedded_synced)->Arg(256)->Arg(2048);
BENCHMARK(embedded_buffered)->Arg(256)->Arg(2048);
BENCHMARK(redis)->Arg(64)->Arg(256)->Arg(2048)->UseRealTime();
BENCHMARK(embedded_restart)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bora::coldchain
