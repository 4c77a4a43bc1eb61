#include "benchmarks/peers/bora/graphs.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "benchmarks/peers/bora/components.hpp"
#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"

namespace bora::peers {

namespace {

using namespace std::chrono_literals;

template <class Map, class Keyed>
void build_chain(TopologyBuilder& topology, Run& run) {
  const std::uint32_t tasks = run.options.tasks;
  auto source = topology.spout("source", [&run] { return PeerSpout<Sample>{run}; });
  auto map = topology.bolt("map", [] { return Map{}; }, {.tasks = tasks});
  auto keyed = topology.bolt("keyed", [] { return Keyed{}; }, {.tasks = tasks});
  auto sink = topology.bolt("sink", [&run] { return PeerSink<Sample>{run, 1}; });
  if (run.options.variant == Variant::kLocal) {
    map.local(source);
    keyed.local(map);
    sink.local(keyed);
    return;
  }
  if (tasks == 1) {
    map.shuffle(source);
  } else {
    map.fields(source, &Sample::device);  // else two tasks could swap tuples of a device
  }
  keyed.fields(map, &Sample::device);
  sink.shuffle(keyed);
}

void build_wordcount(TopologyBuilder& topology, Run& run) {
  const std::uint32_t tasks = run.options.tasks;
  auto source = topology.spout("source", [&run] { return PeerSpout<Sentence>{run}; });
  auto split = topology.bolt("split", [] { return SplitBolt{}; }, {.tasks = tasks});
  auto count = topology.bolt("count", [] { return CountBolt{}; }, {.tasks = tasks});
  auto sink = topology.bolt("sink", [&run] { return PeerSink<WordCount>{run, kWordsPerSentence}; });
  if (run.options.variant == Variant::kLocal) {
    split.local(source);
    count.local(split);
    sink.local(count);
  } else {
    split.shuffle(source);
    count.fields(split, &Word::text);
    sink.shuffle(count);
  }
}

void build_fan(TopologyBuilder& topology, Run& run) {
  auto source = topology.spout("source", [&run] { return PeerSpout<Sample>{run}; });
  auto map = topology.bolt("map", [] { return FahrenheitBolt{}; }, {.tasks = 4}).shuffle(source);
  topology.bolt("sink", [&run] { return PeerSink<Sample>{run, 1}; }).shuffle(map);
}

/// source -> a keyed operator that emits less than it takes -> sink.
template <class Keyed>
auto build_keyed(TopologyBuilder& topology, Run& run) {
  auto source = topology.spout("source", [&run] { return PeerSpout<Sample>{run}; });
  auto keyed = topology.bolt("keyed", [&run] { return std::make_unique<Keyed>(run); },
                             {.tasks = run.options.tasks});
  auto sink = topology.bolt("sink", [&run] { return PeerSink<Sample>{run, 0}; });
  if (run.options.variant == Variant::kLocal) {
    keyed.local(source);
    sink.local(keyed);
  } else {
    keyed.fields(source, &Sample::device);
    sink.shuffle(keyed);
  }
  return keyed;
}

Topology build(Run& run) {
  TopologyBuilder topology{name_of(run.options.graph)};
  switch (run.options.graph) {
    case Graph::kChain:
      if (run.options.variant == Variant::kInPlace) {
        build_chain<FahrenheitInPlaceBolt, MeanInPlaceBolt>(topology, run);
      } else {
        build_chain<FahrenheitBolt, MeanBolt>(topology, run);
      }
      break;
    case Graph::kWordcount: build_wordcount(topology, run); break;
    case Graph::kFan: build_fan(topology, run); break;
    case Graph::kSpike: build_keyed<SpikeBolt>(topology, run); break;
    case Graph::kWindow: {
      const auto windows = build_keyed<WindowMeanBolt>(topology, run);
      topology.discard(windows[&WindowMeanBolt::late]);
      break;
    }
    case Graph::kKafka: BORA_CHECK(false, "run_kafka() runs this one");
  }
  Result<Topology> built = topology.build();
  BORA_CHECK(built.is_ok(), built.status().message());
  return *std::move(built);
}

std::uint64_t completing(Graph graph, std::uint64_t sent) {
  return graph == Graph::kWindow ? in_closed_windows(sent) : sent;
}

}  // namespace

RunResult run_engine(const Options& options) {
  std::optional<bench::OpenLoop> schedule;
  Latencies latencies{options, options.graph == Graph::kWordcount ? kWordsPerSentence : 1};
  Run run{options};
  if (options.is_paced()) {
    run.schedule = &schedule.emplace(options.rate, options.all_seconds());
    run.latencies = &latencies;
  }
  const EngineOptions engine{.pin_threads = options.variant == Variant::kPinned};
  auto running = RunningTopology::start(build(run), engine);
  BORA_CHECK(running.is_ok(), running.status().message());
  run.go = true;
  run.wake_spout();

  RunResult result;
  result.measured = measure(
      options, [&] { return run.progress.total(); }, [] { return false; });
  run.sending = false;
  run.wake_spout();
  BORA_CHECK(wait_until([&] {
               return run.has_sent_all &&
                      run.progress.total() + run.failed >= completing(options.graph, run.sent);
             }),
             "not everything that was sent is done after a minute");
  result.replays = run.failed;
  // What never closes is given back by its window when the topology drains.
  BORA_CHECK((*running)->stop(10s).drained || !options.is_acked(), "the topology has not drained");

  result.sent = run.sent;
  result.received = run.received;
  result.latency_ns = latencies.samples_ns();
  if (schedule) result.lateness_ns = measured_lateness(*schedule, options);
  result.settings = {{"engine options", engine.pin_threads ? "pin_threads" : "default"},
                     {"block_tuples", std::to_string(engine.block_tuples)},
                     {"blocks_per_lane", std::to_string(engine.blocks_per_lane)},
                     {"linger_us", std::to_string(engine.linger.count())},
                     {"max_in_flight", std::to_string(ComponentOptions{}.max_in_flight)},
                     {"latency samples", "1 of " + std::to_string(latencies.stride())}};
  return result;
}

}  // namespace bora::peers
