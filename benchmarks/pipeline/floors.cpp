#include "benchmarks/pipeline/floors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/pipeline/floor/edges.hpp"
#include "benchmarks/pipeline/floor/fan_out.hpp"
#include "benchmarks/pipeline/floor/ledger.hpp"
#include "benchmarks/pipeline/floor/stages.hpp"
#include "bora/check.hpp"
#include "engine/runtime/pinning.hpp"

namespace bora::bench {

namespace {

using floor::BlockPool;
using floor::BlockReader;
using floor::BlockRing;
using floor::BlockWriter;
using floor::kBatch;
using floor::kSlots;
using floor::kSlotsLong;
using floor::LocalRootLedger;
using floor::NoLedger;
using floor::RingReader;
using floor::RingWriter;
using floor::RootLedger;
using floor::SpscRing;

/// A hop over a ring of tuples.
template <class Item, std::size_t kTuples>
class RingHopOf {
 public:
  using Writer = RingWriter<Item>;
  using Reader = RingReader<Item>;

  [[nodiscard]] Writer writer() { return Writer{ring_}; }
  [[nodiscard]] Reader reader() { return Reader{ring_}; }

 private:
  SpscRing<Item> ring_{kTuples};
};

/// A hop over blocks, which holds as many tuples.
template <class Item, std::size_t kTuples>
class BlockHopOf {
 public:
  using Writer = BlockWriter<Item>;
  using Reader = BlockReader<Item>;

  [[nodiscard]] Writer writer() { return Writer{pool_, full_}; }
  [[nodiscard]] Reader reader() { return Reader{full_, pool_.empty()}; }

 private:
  static constexpr std::size_t kBlocks = kTuples / kBatch;
  BlockPool<Item> pool_{kBlocks, kBlocks};
  BlockRing<Item> full_{kBlocks};
};

template <class Item>
using RingHop = RingHopOf<Item, kSlots>;
template <class Item>
using LongRingHop = RingHopOf<Item, kSlotsLong>;
template <class Item>
using BlockHop = BlockHopOf<Item, kSlots>;
template <class Item>
using LongBlockHop = BlockHopOf<Item, kSlotsLong>;

enum class Threads { kFree, kPinned };

/// Binds the calling thread as EngineOptions::pin_threads would.
void pin(std::size_t nth, std::size_t threads) {
  const std::vector<int> cores = internal::usable_cores();
  BORA_CHECK(!cores.empty(), "the kernel does not say which cores there are");
  const Status status = internal::pin_this_thread(internal::core_of(nth, threads, cores));
  BORA_CHECK(status.is_ok(), status.message());
}

/// Runs each callable on a thread of its own between start() and stop().
template <Threads kThreads = Threads::kFree, class... Stages>
void run_threads(Stopwatch& watch, Stages&&... stages) {
  watch.start();
  std::vector<std::thread> threads;
  threads.reserve(sizeof...(stages));
  const auto start = [&threads](auto& stage) {
    threads.emplace_back([&stage, nth = threads.size()] {
      if constexpr (kThreads == Threads::kPinned) pin(nth, sizeof...(stages));
      stage();
    });
  };
  (start(stages), ...);
  for (std::thread& thread : threads)
    thread.join();
  watch.stop();
}

template <class T>
void map(T& value) noexcept {
  value.temperature = to_fahrenheit(value.temperature);
}
template <class T>
void keyed(RunningMean& mean, T& value) {
  value.temperature = mean.next(value.device_id, value.temperature);
}

/// How the source is driven and what the sink does: as fast as it goes, into a checksum.
template <class T>
class ClosedLoop {
 public:
  explicit ClosedLoop(const Load& load) : tuples_(load.tuples) {}

  [[nodiscard]] std::uint64_t tuples() const noexcept { return tuples_; }
  template <class Ledger, class Writer>
  void source(Ledger& ledger, Writer& out) {
    floor::source_stage<T>(ledger, out, tuples_, make_reading<T>);
  }
  /// Source and map in one loop.
  template <class Ledger, class Writer>
  void source_and_map(Ledger& ledger, Writer& out) {
    floor::source_stage<T>(ledger, out, tuples_, [](std::uint64_t index, T& value) {
      make_reading(index, value);
      map(value);
    });
  }
  template <class Ledger, class Reader>
  void sink(Ledger& ledger, Reader& in) {
    Checksum sum;  // on this thread's stack: kept in registers, shared with nobody
    floor::sink_stage(ledger, in, tuples_, [&sum](const T& value) { sum.add(value); });
    outcome_.checksum = sum;
  }
  template <class Ledger, class Reader>
  void keyed_and_sink(Ledger& ledger, Reader& in) {
    Checksum sum;
    RunningMean mean;
    floor::sink_stage(ledger, in, tuples_, [&sum, &mean](T& value) {
      keyed(mean, value);
      sum.add(value);
    });
    outcome_.checksum = sum;
  }
  template <class Ledger>
  [[nodiscard]] Outcome outcome(const Ledger& ledger) {
    outcome_.acks_complete = ledger.complete(sum_of_ids(tuples_));
    return std::move(outcome_);
  }

 private:
  std::uint64_t tuples_;
  Outcome outcome_;
};

/// The same at a fixed rate, the sink recording latencies.
template <class T>
class PacedLoop {
 public:
  explicit PacedLoop(const Load& load)
      : schedule_(load.rate, load.seconds),
        samples_(schedule_.tuples(), schedule_.warm_up_tuples()) {}

  [[nodiscard]] std::uint64_t tuples() const noexcept { return schedule_.tuples(); }
  template <class Ledger, class Writer>
  void source(Ledger& ledger, Writer& out) {
    floor::paced_source_stage<T>(ledger, out, schedule_);
  }
  template <class Ledger, class Reader>
  void sink(Ledger& ledger, Reader& in) {
    Checksum sum;
    floor::sink_stage(ledger, in, tuples(), [this, &sum](const T& value) {
      sum.add(value);
      samples_.record(value.due_ns);
    });
    outcome_.checksum = sum;
  }
  template <class Ledger>
  [[nodiscard]] Outcome outcome(const Ledger& ledger) {
    outcome_.acks_complete = ledger.complete(sum_of_ids(tuples()));
    outcome_.latency_ns = samples_.samples_ns();
    outcome_.lateness_ns = schedule_.lateness_ns();
    return std::move(outcome_);
  }

 private:
  OpenLoop schedule_;
  LatencySamples samples_;
  Outcome outcome_;
};

/// source | map | keyed mean | sink over three hops of one kind.
template <template <class> class Hop, class Ledger, template <class> class Loop, class T,
          Threads kThreads = Threads::kFree>
Outcome chain(const Load& load, Stopwatch& watch) {
  using Item = typename Ledger::template Item<T>;
  Loop<T> loop{load};
  const auto ledger = std::make_unique<Ledger>();
  const auto hops = std::make_unique<Hop<Item>[]>(3);
  run_threads<kThreads>(
      watch,
      [&] {
        auto out = hops[0].writer();
        loop.source(*ledger, out);
      },
      [&] {
        auto in = hops[0].reader();
        auto out = hops[1].writer();
        floor::copy_stage(in, out, loop.tuples(), map<T>);
      },
      [&] {
        auto in = hops[1].reader();
        auto out = hops[2].writer();
        RunningMean mean;
        floor::copy_stage(in, out, loop.tuples(), [&mean](T& value) { keyed(mean, value); });
      },
      [&] {
        auto in = hops[2].reader();
        loop.sink(*ledger, in);
      });
  return loop.outcome(*ledger);
}

/// source, map | keyed mean, sink over one hop.
template <template <class> class Hop, class Ledger, class T>
Outcome two_threads(const Load& load, Stopwatch& watch) {
  ClosedLoop<T> loop{load};
  const auto ledger = std::make_unique<Ledger>();
  const auto hop = std::make_unique<Hop<typename Ledger::template Item<T>>>();
  run_threads(
      watch,
      [&] {
        auto out = hop->writer();
        loop.source_and_map(*ledger, out);
      },
      [&] {
        auto in = hop->reader();
        loop.keyed_and_sink(*ledger, in);
      });
  return loop.outcome(*ledger);
}

/// source | sink over one hop.
template <template <class> class Hop, class Ledger, class T>
Outcome single_hop(const Load& load, Stopwatch& watch) {
  ClosedLoop<T> loop{load};
  const auto ledger = std::make_unique<Ledger>();
  const auto hop = std::make_unique<Hop<typename Ledger::template Item<T>>>();
  run_threads(
      watch,
      [&] {
        auto out = hop->writer();
        loop.source(*ledger, out);
      },
      [&] {
        auto in = hop->reader();
        loop.sink(*ledger, in);
      });
  return loop.outcome(*ledger);
}

/// The chain over blocks that pass through all four threads; the pool holds as many tuples as the
/// three hops of the other floors.
template <class Ledger, template <class> class Loop, class T>
Outcome chain_in_place(const Load& load, Stopwatch& watch) {
  using Item = typename Ledger::template Item<T>;
  constexpr std::size_t kBlocks = 3 * kSlots / kBatch;
  constexpr std::size_t kRing = 256;
  static_assert(kRing >= kBlocks, "a ring of block pointers must never be full");
  Loop<T> loop{load};
  const auto ledger = std::make_unique<Ledger>();
  BlockPool<Item> pool{kBlocks, kRing};
  BlockRing<Item> to_map{kRing};
  BlockRing<Item> to_keyed{kRing};
  BlockRing<Item> to_sink{kRing};
  run_threads(
      watch,
      [&] {
        BlockWriter<Item> out{pool, to_map};
        loop.source(*ledger, out);
      },
      [&] { floor::in_place_stage(to_map, to_keyed, loop.tuples(), map<T>); },
      [&] {
        RunningMean mean;
        floor::in_place_stage(to_keyed, to_sink, loop.tuples(),
                              [&mean](T& value) { keyed(mean, value); });
      },
      [&] {
        BlockReader<Item> in{to_sink, pool.empty()};
        loop.sink(*ledger, in);
      });
  return loop.outcome(*ledger);
}

template <class T>
Outcome one_thread(const Load& load, Stopwatch& watch) {
  Checksum sum;
  RunningMean mean;
  watch.start();
  for (std::uint64_t i = 0; i < load.tuples; ++i) {
    T value;
    make_reading(i, value);
    map(value);
    keyed(mean, value);
    sum.add(value);
  }
  watch.stop();
  return {.checksum = sum};
}

template <class T>
Outcome one_thread_acked(const Load& load, Stopwatch& watch) {
  const auto ledger = std::make_unique<LocalRootLedger>();
  Checksum sum;
  RunningMean mean;
  watch.start();
  for (std::uint64_t i = 0; i < load.tuples; ++i) {
    LocalRootLedger::Item<T> item;
    make_reading(i, item.value);
    ledger->open<T>(item, i);
    map(item.value);
    keyed(mean, item.value);
    sum.add(item.value);
    ledger->close<T>(item);
  }
  watch.stop();
  return {.checksum = sum, .acks_complete = ledger->complete(sum_of_ids(load.tuples))};
}

/// source | 4 sinks, each of which takes every tuple, over rings.
template <template <std::size_t> class Ledger>
Outcome fan_out(const Load& load, Stopwatch& watch) {
  constexpr std::size_t kSinks = 4;
  using FanLedger = Ledger<kSinks>;
  using Item = typename FanLedger::template Item<Reading>;
  const auto ledger = std::make_unique<FanLedger>();
  const auto hops = std::make_unique<RingHop<Item>[]>(kSinks);
  std::array<Checksum, kSinks> sums;
  const auto sink = [&](std::size_t nth) {
    auto in = hops[nth].reader();
    typename FanLedger::Sink side{*ledger};
    Checksum sum;
    floor::sink_stage(side, in, load.tuples, [&sum](const Reading& value) { sum.add(value); });
    sums[nth] = sum;
  };
  run_threads(
      watch,
      [&] {
        floor::FanOutWriter<Item, kSinks> out{
            {hops[0].writer(), hops[1].writer(), hops[2].writer(), hops[3].writer()}};
        floor::source_stage<Reading>(*ledger, out, load.tuples, make_reading<Reading>);
      },
      [&] { sink(0); }, [&] { sink(1); }, [&] { sink(2); }, [&] { sink(3); });
  Outcome outcome;
  for (const Checksum& sum : sums)
    outcome.checksum.add(sum);
  outcome.acks_complete = ledger->complete(sum_of_ids(load.tuples));
  return outcome;
}

/// The floors that every tuple size has.
template <class T>
void add_chains(Suite& suite) {
  auto& all = suite.contestants;
  all.push_back({"ring", chain<RingHop, NoLedger, ClosedLoop, T>});
  all.push_back({"ring.acked", chain<RingHop, RootLedger, ClosedLoop, T>, {"ring"}});
  all.push_back({"blocks", chain<BlockHop, NoLedger, ClosedLoop, T>, {"ring"}});
  all.push_back(
      {"blocks.acked", chain<BlockHop, RootLedger, ClosedLoop, T>, {"ring.acked", "blocks"}});
  all.push_back({"blocks_in_place", chain_in_place<NoLedger, ClosedLoop, T>, {"ring"}});
  all.push_back({"blocks_in_place.acked",
                 chain_in_place<RootLedger, ClosedLoop, T>,
                 {"ring.acked", "blocks_in_place"}});
  all.push_back({"one_thread", one_thread<T>, {"ring"}});
  all.push_back({"one_thread.acked", one_thread_acked<T>, {"ring.acked", "one_thread"}});
}

}  // namespace

void add_floors(Suites& suites) {
  add_chains<Reading>(suites.at(kChain));
  add_chains<SmallReading>(suites.at(kChainSmall));
  add_chains<PayloadReading>(suites.at(kChainPayload));

  auto& main_chain = suites.at(kChain).contestants;
  main_chain.push_back({"ring_2_threads", two_threads<RingHop, NoLedger, Reading>, {"ring"}});
  main_chain.push_back({"ring_2_threads.acked",
                        two_threads<RingHop, RootLedger, Reading>,
                        {"ring.acked", "ring_2_threads"}});

  main_chain.push_back({"ring_16k", chain<LongRingHop, NoLedger, ClosedLoop, Reading>, {"ring"}});
  main_chain.push_back({"ring_16k.acked",
                        chain<LongRingHop, RootLedger, ClosedLoop, Reading>,
                        {"ring.acked", "ring_16k"}});
  main_chain.push_back(
      {"blocks_16k", chain<LongBlockHop, NoLedger, ClosedLoop, Reading>, {"blocks"}});
  main_chain.push_back({"blocks_16k.acked",
                        chain<LongBlockHop, RootLedger, ClosedLoop, Reading>,
                        {"blocks.acked", "blocks_16k"}});

  constexpr auto kPinned = Threads::kPinned;
  main_chain.push_back({"ring_pinned", chain<RingHop, NoLedger, ClosedLoop, Reading, kPinned>});
  main_chain.push_back({"ring_pinned.acked",
                        chain<RingHop, RootLedger, ClosedLoop, Reading, kPinned>,
                        {"ring.acked"}});
  main_chain.push_back({"blocks_pinned", chain<BlockHop, NoLedger, ClosedLoop, Reading, kPinned>});
  main_chain.push_back({"blocks_pinned.acked",
                        chain<BlockHop, RootLedger, ClosedLoop, Reading, kPinned>,
                        {"blocks.acked"}});

  auto& hop = suites.at(kHop).contestants;
  hop.push_back({"ring", single_hop<RingHop, NoLedger, Reading>});
  hop.push_back({"ring.acked", single_hop<RingHop, RootLedger, Reading>, {"ring"}});
  hop.push_back({"blocks", single_hop<BlockHop, NoLedger, Reading>, {"ring"}});
  hop.push_back(
      {"blocks.acked", single_hop<BlockHop, RootLedger, Reading>, {"ring.acked", "blocks"}});

  auto& fan = suites.at(kFanOut).contestants;
  fan.push_back({"ring", fan_out<floor::FanOutNoLedger>});
  fan.push_back({"ring.acked", fan_out<floor::FanOutLedger>, {"ring"}});

  auto& latency = suites.at(kLatency).contestants;
  latency.push_back({"ring", chain<RingHop, NoLedger, PacedLoop, Reading>});
  latency.push_back({"ring.acked", chain<RingHop, RootLedger, PacedLoop, Reading>, {"ring"}});
  latency.push_back({"ring_pinned.acked",
                     chain<RingHop, RootLedger, PacedLoop, Reading, kPinned>,
                     {"ring.acked"}});
  latency.push_back({"blocks", chain<BlockHop, NoLedger, PacedLoop, Reading>, {"ring"}});
  latency.push_back(
      {"blocks.acked", chain<BlockHop, RootLedger, PacedLoop, Reading>, {"ring.acked"}});
}

}  // namespace bora::bench
