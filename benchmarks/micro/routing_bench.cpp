#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <benchmark/benchmark.h>

#include "bora/bolt.hpp"
#include "bora/check.hpp"
#include "bora/spout.hpp"
#include "bora/stable_hash.hpp"
#include "bora/testing/manual_clock.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "bora/topology.hpp"

/// A spout and four tasks of a bolt that does nothing, all stepped by one thread: emit, routing,
/// block, execute, without any hand-over between cores.
namespace bora {
namespace {

struct Tuple {
  std::int64_t key;
  std::int64_t payload[3];
};

constexpr std::uint64_t kPerRun = 1'000'000;

class Source final : public Spout<Tuple> {
 public:
  Next next_batch(std::size_t max) override {
    for (; max > 0 && next_ < kPerRun; --max, ++next_)
      emit_untracked({static_cast<std::int64_t>(next_), {}});
    return next_ < kPerRun ? Next::more() : Next::finished();
  }

 private:
  std::uint64_t next_ = 0;
};

class Nothing final : public Bolt<Tuple> {
 public:
  void execute(const Tuple& in) override { benchmark::DoNotOptimize(&in); }
};

/// `subscribe(bolt, source)` chooses the grouping.
template <class Subscribe>
void route(benchmark::State& state, std::uint32_t tasks, Subscribe subscribe) {
  testing::ManualClock clock;
  for (auto _ : state) {
    state.PauseTiming();
    TopologyBuilder builder{"routing"};
    auto source = builder.spout("source", [] { return Source{}; });
    auto bolt = builder.bolt("nothing", [] { return Nothing{}; }, {.tasks = tasks});
    subscribe(bolt, source);
    auto built = builder.build();
    BORA_CHECK(built, "the topology is wrong");
    auto opened = testing::SteppedTopology::open(std::move(built).value(), clock);
    BORA_CHECK(opened, "the topology does not open");
    const auto topology = std::move(opened).value();
    state.ResumeTiming();
    topology->run();
    state.PauseTiming();
    topology->close();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPerRun));
}

void routing_one_task(benchmark::State& state) {
  route(state, 1, [](auto& bolt, auto& source) { bolt.shuffle(source); });
}
void routing_shuffle(benchmark::State& state) {
  route(state, 4, [](auto& bolt, auto& source) { bolt.shuffle(source); });
}
void routing_fields(benchmark::State& state) {
  route(state, 4, [](auto& bolt, auto& source) { bolt.fields(source, &Tuple::key); });
}
void routing_all(benchmark::State& state) {
  route(state, 4, [](auto& bolt, auto& source) { bolt.all(source); });
}
void routing_custom(benchmark::State& state) {
  route(state, 4, [](auto& bolt, auto& source) {
    bolt.custom(source, [](const Tuple& tuple, TaskChoice& choice) {
      choice.send_to(static_cast<std::uint32_t>(tuple.key) % choice.tasks());
    });
  });
}
void routing_local(benchmark::State& state) {
  route(state, 1, [](auto& bolt, auto& source) { bolt.local(source); });
}
BENCHMARK(routing_one_task)->Unit(benchmark::kMillisecond);
BENCHMARK(routing_shuffle)->Unit(benchmark::kMillisecond);
BENCHMARK(routing_fields)->Unit(benchmark::kMillisecond);
BENCHMARK(routing_all)->Unit(benchmark::kMillisecond);
BENCHMARK(routing_custom)->Unit(benchmark::kMillisecond);
BENCHMARK(routing_local)->Unit(benchmark::kMillisecond);

void routing_hash_integer(benchmark::State& state) {
  std::int64_t key = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(stable_hash(key++));
}
BENCHMARK(routing_hash_integer);

void routing_hash_text(benchmark::State& state) {
  std::string_view key = "gateway-0123456789abcdef";  // 24 bytes
  for (auto _ : state) {
    benchmark::DoNotOptimize(key);
    benchmark::DoNotOptimize(stable_hash(key));
  }
}
BENCHMARK(routing_hash_text);

}  // namespace
}  // namespace bora
