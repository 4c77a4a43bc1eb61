#include "benchmarks/pipeline/engine_contestants.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "benchmarks/pipeline/engine_components.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"

namespace bora::bench {

namespace {

using namespace std::chrono_literals;

/// A benchmark has nobody to return an error to.
template <class T>
T value_or_exit(Result<T> result, const char* what) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s: %s\n", what, result.error().message.c_str());
  std::exit(1);
}

/// A run that takes this much longer than it should has lost something.
constexpr auto kPatience = 120s;

/// Runs a topology whose spout waits for `run.go`, and measures from there until the last tuple is
/// done: acked, or taken by each of `sinks` tasks.
Outcome run_topology(Topology topology, EngineRun& run, std::uint32_t sinks, Stopwatch& watch) {
  const auto running = value_or_exit(RunningTopology::start(std::move(topology), run.options),
                                     "the topology does not start");
  watch.start();
  run.go.store(true, std::memory_order_release);
  run.wake_spout();
  for (std::uint32_t left = run.acking == Acking::kOn ? 1 : sinks; left > 0; --left) {
    if (run.done.try_acquire_for(kPatience)) continue;
    std::fprintf(stderr, "the engine has not finished after %lld s\n",
                 static_cast<long long>(kPatience.count()));
    std::exit(1);
  }
  watch.stop();
  const StopReport report = running->stop(5s);

  const bool acked = run.acking == Acking::kOff || (run.acked == run.tuples && run.failed == 0 &&
                                                    run.acked_ids == sum_of_ids(run.tuples));
  return {.checksum = run.checksum, .acks_complete = acked && report.drained};
}

enum class Shape { kFourThreads, kFourPinned, kTwoThreads, kOneThread };

EngineOptions options_of(Shape shape) { return {.pin_threads = shape == Shape::kFourPinned}; }

template <class T, class Map, class Keyed, class Sink, class MakeSpout>
Topology chain_topology(EngineRun& run, Shape shape, MakeSpout make_spout) {
  TopologyBuilder topology{"chain"};
  auto source = topology.spout("source", make_spout);
  auto map = topology.bolt("map", [] { return Map{}; });
  auto keyed = topology.bolt("keyed", [] { return Keyed{}; });
  auto sink = topology.bolt("sink", [&run] { return Sink{run}; });
  if (shape == Shape::kFourThreads || shape == Shape::kFourPinned) {
    map.shuffle(source);
    keyed.fields(map, &T::device_id);
    sink.shuffle(keyed);
  } else {
    map.local(source);
    if (shape == Shape::kTwoThreads) {
      keyed.fields(map, &T::device_id);
    } else {
      keyed.local(map);
    }
    sink.local(keyed);
  }
  return value_or_exit(topology.build(), "the topology is wrong");
}

template <class T, template <class> class Map, template <class> class Keyed>
auto chain(Shape shape, Acking acking) {
  return [=](const Load& load, Stopwatch& watch) {
    EngineRun run{.tuples = load.tuples, .acking = acking, .options = options_of(shape)};
    return run_topology(chain_topology<T, Map<T>, Keyed<T>, SinkBolt<T>>(
                            run, shape, [&run] { return FastSpout<T>{run}; }),
                        run, 1, watch);
  };
}

/// source -> sink, `tasks` of which take every tuple.
auto source_to_sinks(std::uint32_t tasks, Acking acking) {
  return [=](const Load& load, Stopwatch& watch) {
    EngineRun run{.tuples = load.tuples, .acking = acking};
    TopologyBuilder topology{"hop"};
    auto source = topology.spout("source", [&run] { return FastSpout<Reading>{run}; });
    topology.bolt("sink", [&run] { return SinkBolt<Reading>{run}; }, {.tasks = tasks}).all(source);
    return run_topology(value_or_exit(topology.build(), "the topology is wrong"), run, tasks,
                        watch);
  };
}

auto paced_chain(Shape shape, Acking acking) {
  return [=](const Load& load, Stopwatch& watch) {
    OpenLoop schedule{load.rate, load.seconds};
    LatencySamples samples{schedule.tuples(), schedule.warm_up_tuples()};
    EngineRun run{.tuples = schedule.tuples(),
                  .acking = acking,
                  .options = options_of(shape),
                  .schedule = &schedule,
                  .samples = &samples};
    Outcome outcome =
        run_topology(chain_topology<Reading, MapBolt<Reading>, KeyedBolt<Reading>, LatencySinkBolt>(
                         run, shape, [&run] { return PacedSpout{run}; }),
                     run, 1, watch);
    outcome.latency_ns = samples.samples_ns();
    outcome.lateness_ns = schedule.lateness_ns();
    return outcome;
  };
}

/// The contestants that every tuple size has.
template <class T>
void add_chains(Suite& suite) {
  auto& all = suite.contestants;
  const auto copying = [](Shape shape, Acking acking) {
    return chain<T, MapBolt, KeyedBolt>(shape, acking);
  };
  const auto in_place = [](Shape shape, Acking acking) {
    return chain<T, MapInPlaceBolt, KeyedInPlaceBolt>(shape, acking);
  };
  all.push_back({"engine", copying(Shape::kFourThreads, Acking::kOff), {"ring", "blocks"}});
  all.push_back({"engine.acked",
                 copying(Shape::kFourThreads, Acking::kOn),
                 {"ring.acked", "blocks.acked", "engine"}});
  all.push_back({"engine_in_place",
                 in_place(Shape::kFourThreads, Acking::kOff),
                 {"blocks_in_place", "blocks"}});
  all.push_back({"engine_in_place.acked",
                 in_place(Shape::kFourThreads, Acking::kOn),
                 {"blocks_in_place.acked", "blocks.acked"}});
  all.push_back({"engine_local", copying(Shape::kOneThread, Acking::kOff), {"one_thread"}});
  all.push_back(
      {"engine_local.acked", copying(Shape::kOneThread, Acking::kOn), {"one_thread.acked"}});
  all.push_back(
      {"engine_local_in_place", in_place(Shape::kOneThread, Acking::kOff), {"one_thread"}});
  all.push_back({"engine_local_in_place.acked",
                 in_place(Shape::kOneThread, Acking::kOn),
                 {"one_thread.acked"}});
}

}  // namespace

void add_engine(Suites& suites) {
  add_chains<Reading>(suites.at(kChain));
  add_chains<SmallReading>(suites.at(kChainSmall));
  add_chains<PayloadReading>(suites.at(kChainPayload));

  auto& main_chain = suites.at(kChain).contestants;
  main_chain.push_back({"engine_2_threads",
                        chain<Reading, MapBolt, KeyedBolt>(Shape::kTwoThreads, Acking::kOff),
                        {"ring_2_threads"}});
  main_chain.push_back({"engine_2_threads.acked",
                        chain<Reading, MapBolt, KeyedBolt>(Shape::kTwoThreads, Acking::kOn),
                        {"ring_2_threads.acked"}});

  main_chain.push_back({"engine_pinned",
                        chain<Reading, MapBolt, KeyedBolt>(Shape::kFourPinned, Acking::kOff),
                        {"ring_pinned", "blocks_pinned", "blocks"}});
  main_chain.push_back(
      {"engine_pinned.acked",
       chain<Reading, MapBolt, KeyedBolt>(Shape::kFourPinned, Acking::kOn),
       {"ring_pinned.acked", "blocks_pinned.acked", "ring.acked", "blocks.acked"}});

  auto& hop = suites.at(kHop).contestants;
  hop.push_back({"engine", source_to_sinks(1, Acking::kOff), {"ring", "blocks"}});
  hop.push_back({"engine.acked", source_to_sinks(1, Acking::kOn), {"ring.acked", "blocks.acked"}});

  auto& fan_out = suites.at(kFanOut).contestants;
  fan_out.push_back({"engine", source_to_sinks(4, Acking::kOff), {"ring"}});
  fan_out.push_back({"engine.acked", source_to_sinks(4, Acking::kOn), {"ring.acked", "engine"}});

  auto& latency = suites.at(kLatency).contestants;
  latency.push_back({"engine", paced_chain(Shape::kFourThreads, Acking::kOff), {"ring"}});
  latency.push_back({"engine.acked",
                     paced_chain(Shape::kFourThreads, Acking::kOn),
                     {"ring.acked", "blocks.acked"}});
  latency.push_back({"engine_pinned.acked",
                     paced_chain(Shape::kFourPinned, Acking::kOn),
                     {"ring_pinned.acked", "ring.acked"}});
}

}  // namespace bora::bench
