#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <numeric>
#include <set>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "support/counting_components.hpp"
#include "support/tracked.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace {

using Number = std::uint64_t;
using Ends = FunctionBolt<Number>;

/// Sums of what a sink got, over all its tasks.
struct Sums {
  std::atomic<std::uint64_t> count{0};
  std::atomic<std::uint64_t> sum{0};
  void add(Number n) {
    count.fetch_add(1, std::memory_order_relaxed);
    sum.fetch_add(n, std::memory_order_relaxed);
  }
};

auto summing(Sums& sums) {
  return performing<Number>([&sums](Ends&, const Number& n) { sums.add(n); });
}
auto passing() {
  return performing<Number, Number>([](auto& bolt, const Number& n) { bolt.out.emit(n); });
}

std::uint64_t sum_below(std::uint64_t n) { return n * (n - 1) / 2; }

/// Starts, waits until it has finished, stops. The last metrics.
MetricsSnapshot run_to_end(Result<Topology> topology, EngineOptions options = {}) {
  REQUIRE(topology);
  auto running = RunningTopology::start(std::move(topology).value(), std::move(options));
  REQUIRE(running);
  CHECK((*running)->wait_finished(30s));
  const StopReport report = (*running)->stop(5s);
  CHECK(report.drained);
  CHECK(report.left_in_flight == 0);
  return (*running)->metrics();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

TEST_CASE("with many tasks and every grouping at once, every message is acked exactly once") {
  constexpr std::uint64_t kMessages = 20'000;
  auto count = std::make_shared<Count>(kMessages);
  Sums shuffled, keyed, everywhere, global, chosen, direct, local;
  TopologyBuilder builder{"all"};
  auto source = builder.spout("source", counting(count), {.tasks = 2, .max_in_flight = 1'000});
  auto pass = builder.bolt("pass", passing(), {.tasks = 2}).shuffle(source);
  auto by_key = builder.bolt("by_key", passing(), {.tasks = 2}).fields(pass, [](const Number& n) {
    return n;
  });
  builder.bolt("shuffled", summing(shuffled), {.tasks = 2}).shuffle(pass);
  builder.bolt("keyed", summing(keyed), {.tasks = 2}).local(by_key);
  builder.bolt("everywhere", summing(everywhere), {.tasks = 2}).all(pass);
  builder.bolt("global", summing(global), {.tasks = 2}).global(pass);
  builder.bolt("chosen", summing(chosen), {.tasks = 2})
      .custom(pass, [](const Number& n, TaskChoice& choice) {
        if (n % 3 != 0) choice.send_to(static_cast<std::uint32_t>(n % 2));
      });
  auto aim = builder
                 .bolt("aim", performing<Number, Number>([](auto& bolt, const Number& n) {
                         bolt.out.emit_direct(static_cast<std::uint32_t>(n % 2), n);
                       }))
                 .shuffle(by_key);
  builder.bolt("direct", summing(direct), {.tasks = 2}).direct(aim);
  builder.bolt("local", summing(local), {.tasks = 2}).local(by_key);
  const MetricsSnapshot m = run_to_end(builder.build(), {.block_tuples = 16, .blocks_per_lane = 4});

  const std::uint64_t all = 2 * kMessages;
  CHECK(count->acked == all);
  CHECK(count->failed == 0);
  CHECK(count->wrong == 0);
  CHECK(count->acked_sum == 2 * sum_below(kMessages));
  for (const Sums* s : {&shuffled, &keyed, &global, &direct, &local}) {
    CHECK(s->count == all);
    CHECK(s->sum == 2 * sum_below(kMessages));
  }
  CHECK(everywhere.count == 2 * all);
  CHECK(chosen.count == 2 * (kMessages - (kMessages + 2) / 3));
  for (const TaskMetricsSnapshot& t : m.tasks) {
    if (t.is_spout) CHECK(t.opened == t.acked + t.failed);
    CHECK(t.queued_blocks == 0);
  }
  CHECK(m.bytes_in_flight == 0);
}

TEST_CASE("tuples that own memory cross threads, in place and copied, and are destroyed once") {
  constexpr std::uint64_t kMessages = 5'000;
  Tracked::forget();
  class Change final : public InPlaceBolt<Tracked> {
   public:
    void execute(Tracked& in) override {
      if (in.value % 7 == 0) return;
      out.emit(std::move(in));
    }
  };
  auto count = std::make_shared<Count>(kMessages);
  std::atomic<std::uint64_t> got{0};
  {
    TopologyBuilder builder{"tracked"};
    auto source = builder.spout("source", counting(count), {.tasks = 2, .max_in_flight = 500});
    auto make = builder.bolt("make", performing<Number, Tracked>([](auto& bolt, const Number& n) {
                               bolt.out.emit(Tracked{static_cast<std::int64_t>(n)});
                             }),
                             {.tasks = 2});
    make.shuffle(source);
    auto change = builder.bolt("change", [] { return Change{}; }).shuffle(make);  // two inputs
    auto again = builder.bolt("again", [] { return Change{}; }).shuffle(change);
    builder
        .bolt("sink", performing<Tracked>([&](auto&, const Tracked& t) {
                if (t.value % 7 != 0) ++got;
              }))
        .shuffle(again);
    run_to_end(builder.build(), {.block_tuples = 8, .blocks_per_lane = 2});
  }
  CHECK(count->acked == 2 * kMessages);
  CHECK(got == 2 * (kMessages - (kMessages + 6) / 7));
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a slow sink holds its spout up: what waits in between stays bounded") {
  constexpr std::uint64_t kMessages = 3'000;
  auto count = std::make_shared<Count>(kMessages);
  std::atomic<std::uint64_t> got{0};
  std::uint64_t passed = 0;  // on the thread of `pass`
  std::atomic<std::uint64_t> most_between{0};
  TopologyBuilder builder{"slow"};
  auto source = builder.spout("source", counting(count));
  auto pass = builder.bolt("pass", performing<Number, Number>([&](auto& bolt, const Number& n) {
                             most_between = std::max(most_between.load(), ++passed - got);
                             bolt.out.emit(n);
                           }));
  pass.shuffle(source);
  builder
      .bolt("sink", performing<Number>([&](auto&, const Number&) {
              if (++got % 16 == 0) std::this_thread::sleep_for(1ms);
            }))
      .shuffle(pass);
  auto built = builder.build();
  REQUIRE(built);
  auto running =
      RunningTopology::start(std::move(built).value(), {.block_tuples = 8, .blocks_per_lane = 4});
  REQUIRE(running);
  std::uint64_t most_blocks = 0;
  while (!(*running)->wait_finished(1ms)) {
    const MetricsSnapshot m = (*running)->metrics();
    for (const TaskMetricsSnapshot& t : m.tasks)
      most_blocks = std::max(most_blocks, t.queued_blocks);
  }
  CHECK(count->acked == kMessages);
  CHECK(most_blocks >= 3);
  CHECK(most_blocks <= 4);
  CHECK(count->failed == 0);
  // Four blocks of eight on their way, one open, one that did not fit and one in the sink's hands.
  CHECK(most_between > 4 * 8);
  CHECK(most_between <= (4 + 3) * 8);
}

TEST_CASE("deactivating pauses the flow, activating resumes it, and nothing is lost") {
  constexpr std::uint64_t kMessages = 50'000;
  auto count = std::make_shared<Count>(kMessages);
  Sums sums;
  TopologyBuilder builder{"pause"};
  auto source = builder.spout("source", counting(count), {.max_in_flight = 64});
  builder.bolt("sink", summing(sums)).shuffle(source);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE(running);
  RunningTopology& topology = **running;
  for (int i = 1; i <= 5; ++i) {
    topology.deactivate();
    REQUIRE(eventually([&] { return count->deactivated == i; }));
    const std::uint64_t sent = count->sent;
    CHECK(eventually([&] { return sums.count == sent; }));  // what was in flight goes on
    std::this_thread::sleep_for(2ms);
    CHECK(count->sent == sent);
    CHECK(topology.activate("source"));
  }
  CHECK_FALSE(topology.activate("nobody"));
  CHECK(topology.deactivate("nobody").message() == "topology pause has no spout named 'nobody'");
  CHECK(topology.wait_finished(20s));
  CHECK(count->acked == kMessages);
  CHECK(sums.sum == sum_below(kMessages));
}

TEST_CASE("an idle topology uses next to no processor time") {
  struct Idle final : Spout<Number> {
    Next next_batch(std::size_t) override { return Next::idle(); }
  };
  Sums sums;
  TopologyBuilder builder{"idle"};
  auto source = builder.spout("source", [] { return Idle{}; }, {.tasks = 2});
  auto pass = builder.bolt("pass", passing(), {.tasks = 4}).shuffle(source);
  builder.bolt("sink", summing(sums), {.tasks = 2}).shuffle(pass);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE(running);
  std::this_thread::sleep_for(50ms);
  const double before = cpu_seconds();
  std::this_thread::sleep_for(1s);
  const double used = cpu_seconds() - before;
  std::printf("an idle topology of 8 threads used %.3f %% of a core\n", used * 100);
  CHECK(used < 0.05);
}

TEST_CASE("a message that arrives at an idle topology is through at once, not at the next timer") {
  struct OnDemand final : Spout<Number> {
    explicit OnDemand(std::atomic<std::uint64_t>* wanted, std::function<void()>* wake)
        : wanted_(wanted), wake_(wake) {}
    Status open(Context& context) override {
      *wake_ = context.waker();
      return {};
    }
    Next next_batch(std::size_t max) override {
      for (; max > 0 && sent_ < *wanted_; --max, ++sent_)
        emit(sent_, {.offset = sent_});
      return Next::idle();
    }
    std::atomic<std::uint64_t>* wanted_;
    std::function<void()>* wake_;
    std::uint64_t sent_ = 0;
  };
  std::atomic<std::uint64_t> wanted{0};
  std::function<void()> wake;
  Sums sums;
  TopologyBuilder builder{"demand"};
  auto source = builder.spout("source", [&] { return OnDemand{&wanted, &wake}; });
  auto pass = builder.bolt("pass", passing()).shuffle(source);
  builder.bolt("sink", summing(sums)).shuffle(pass);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE(running);
  std::vector<std::chrono::nanoseconds> took;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    const auto before = std::chrono::steady_clock::now();
    wanted = i;
    wake();
    while (sums.count < i && std::chrono::steady_clock::now() - before < 5s)
      std::this_thread::yield();
    took.push_back(std::chrono::steady_clock::now() - before);
  }
  CHECK(sums.count == 300);
  std::sort(took.begin(), took.end());
  CHECK(took[150] < 50ms);  // typically 30 us
}
