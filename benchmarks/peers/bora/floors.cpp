#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "benchmarks/peers/bora/graphs.hpp"
#include "benchmarks/peers/bora/input.hpp"
#include "benchmarks/peers/bora/measure.hpp"
#include "benchmarks/pipeline/floor/edges.hpp"
#include "benchmarks/pipeline/floor/ledger.hpp"
#include "benchmarks/pipeline/floor/stages.hpp"
#include "benchmarks/pipeline/suite.hpp"
#include "bora/check.hpp"

namespace bora::peers {

namespace {

namespace floor = bench::floor;
using std::chrono::steady_clock;

template <class Item>
class RingHop {
 public:
  [[nodiscard]] auto writer() { return floor::RingWriter<Item>{ring_}; }
  [[nodiscard]] auto reader() { return floor::RingReader<Item>{ring_}; }

 private:
  floor::SpscRing<Item> ring_{floor::kSlots};
};

template <class Item>
class BlockHop {
 public:
  [[nodiscard]] auto writer() { return floor::BlockWriter<Item>{pool_, full_}; }
  [[nodiscard]] auto reader() { return floor::BlockReader<Item>{full_, pool_.empty()}; }

 private:
  static constexpr std::size_t kBlocks = floor::kSlots / floor::kBatch;
  floor::BlockPool<Item> pool_{kBlocks, kBlocks};
  floor::BlockRing<Item> full_{kBlocks};
};

/// One run of the chain over a thread for each operator. A floor knows beforehand how many tuples pass.
template <template <class> class Hop, class Ledger>
class Chain {
  using Item = typename Ledger::template Item<Sample>;

 public:
  Chain(const Options& options, std::uint64_t tuples, bench::OpenLoop* schedule,
        Latencies& latencies)
      : options_(options), tuples_(tuples), schedule_(schedule), latencies_(latencies) {
    threads_ = {std::jthread{[this] { source(); }}, std::jthread{[this] { map(); }},
                std::jthread{[this] { keyed(); }}, std::jthread{[this] { sink(); }}};
  }

  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_.get(); }
  [[nodiscard]] Tally join() {
    for (std::jthread& thread : threads_)
      thread.join();
    BORA_CHECK(ledger_.complete(bench::sum_of_ids(tuples_)), "an ack is missing or doubled");
    return received_;
  }

 private:
  void source() {
    auto out = hops_[0].writer();
    if (schedule_ == nullptr) {
      floor::source_stage<Sample>(ledger_, out, tuples_, [this](std::uint64_t i, Sample& to) {
        make_tuple(i, options_.keys, to);
        to.due_ns = 0;
      });
      return;
    }
    schedule_->start();
    latencies_.begin(schedule_->next_due_ns() + static_cast<std::int64_t>(options_.warmup * 1e9));
    for (std::uint64_t first = 0; !schedule_->is_over(); first += schedule_->burst()) {
      schedule_->sleep_until_due();
      const std::int64_t due = schedule_->begin_burst();
      floor::emit<Sample>(ledger_, out, first, schedule_->burst(),
                          [this, due](std::uint64_t i, Sample& to) {
                            make_tuple(i, options_.keys, to);
                            to.due_ns = due;
                          });
      out.flush();
    }
    ledger_.wait_all();
  }
  void map() {
    auto in = hops_[0].reader();
    auto out = hops_[1].writer();
    floor::copy_stage(in, out, tuples_, [](Sample& it) { it.value = to_fahrenheit(it.value); });
  }
  void keyed() {
    auto in = hops_[1].reader();
    auto out = hops_[2].writer();
    RunningMean mean;
    floor::copy_stage(in, out, tuples_,
                      [&mean](Sample& it) { it.value = mean.next(it.device, it.value); });
  }
  void sink() {
    auto in = hops_[2].reader();
    Tally tally;
    const bool is_timed = schedule_ != nullptr;
    floor::sink_stage(ledger_, in, tuples_, [&](const Sample& it) {
      if (is_timed) latencies_.record(it.due_ns);
      tally.add(it.device, it.value);
      completed_.set(tally.count);
    });
    received_ = tally;
  }

  const Options& options_;
  const std::uint64_t tuples_;
  bench::OpenLoop* const schedule_;
  Latencies& latencies_;
  Ledger ledger_;
  const std::unique_ptr<Hop<Item>[]> hops_ = std::make_unique<Hop<Item>[]>(3);
  Progress::Counter completed_;
  Tally received_;
  std::array<std::jthread, 4> threads_;
};

/// How many tuples a second it takes, from a short run.
template <class MakeChain>
double rate_of(MakeChain make_chain) {
  constexpr std::uint64_t kTuples = 2'000'000;
  const auto begin = steady_clock::now();
  const auto chain = make_chain(kTuples, nullptr);
  static_cast<void>(chain->join());
  return static_cast<double>(kTuples) /
         std::chrono::duration<double>(steady_clock::now() - begin).count();
}

template <template <class> class Hop, class Ledger>
RunResult run_chain(const Options& options) {
  Latencies latencies{options, 1};
  const auto make = [&](std::uint64_t tuples, bench::OpenLoop* schedule) {
    return std::make_unique<Chain<Hop, Ledger>>(options, tuples, schedule, latencies);
  };
  std::optional<bench::OpenLoop> schedule;
  RunResult result;
  if (options.is_paced()) {
    result.sent = schedule.emplace(options.rate, options.all_seconds()).tuples();
  } else {
    result.sent = static_cast<std::uint64_t>(rate_of(make) * options.all_seconds());
  }
  const auto chain = make(result.sent, schedule ? &*schedule : nullptr);
  result.measured = measure(
      options, [&] { return chain->completed(); },
      [&] { return chain->completed() == result.sent; });
  result.received = chain->join();
  result.latency_ns = latencies.samples_ns();
  if (schedule) result.lateness_ns = measured_lateness(*schedule, options);
  result.settings = {{"slots per hop", std::to_string(floor::kSlots)},
                     {"hand-over", std::to_string(floor::kBatch)},
                     {"latency samples", "1 of " + std::to_string(latencies.stride())}};
  return result;
}

/// Everything in one loop.
RunResult run_one_thread(const Options& options) {
  RunResult result;
  Progress::Counter completed;
  std::atomic<bool> sending{true};
  std::jthread loop{[&] {
    RunningMean mean;
    Sample it;
    while (sending.load(std::memory_order_relaxed)) {
      for (int n = 0; n < 256; ++n) {
        make_tuple(result.sent++, options.keys, it);
        it.value = mean.next(it.device, to_fahrenheit(it.value));
        result.received.add(it.device, it.value);
      }
      completed.set(result.sent);
    }
  }};
  result.measured = measure(
      options, [&] { return completed.get(); }, [] { return false; });
  sending = false;
  loop.join();
  return result;
}

}  // namespace

RunResult run_floor(const Options& options) {
  const bool is_acked = options.is_acked();
  if (options.variant == Variant::kOneThread) return run_one_thread(options);
  if (options.variant == Variant::kRing)
    return is_acked ? run_chain<RingHop, floor::RootLedger>(options)
                    : run_chain<RingHop, floor::NoLedger>(options);
  return is_acked ? run_chain<BlockHop, floor::RootLedger>(options)
                  : run_chain<BlockHop, floor::NoLedger>(options);
}

}  // namespace bora::peers
