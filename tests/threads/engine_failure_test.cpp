#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "support/counting_components.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

using Number = std::uint64_t;

/// A gate that holds up whoever comes to it until it opens.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;  // guarded by mutex_
  int waiting_ = 0;    // guarded by mutex_
};

/// Threads of a pool that the engine does not know: they ack what they are given.
class Pool {
 public:
  explicit Pool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { run(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    for (std::thread& t : threads_)
      t.join();
  }
  void give(AckToken token, Number n) {
    {
      const std::lock_guard lock(mutex_);
      work_.emplace_back(std::move(token), n);
    }
    changed_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return over_ || !work_.empty(); });
      if (work_.empty()) return;
      auto [token, n] = std::move(work_.back());
      work_.pop_back();
      lock.unlock();
      if (n % 17 == 0 && failed_.fetch_add(1) < 100) {
        if (n % 2 == 0) std::move(token).fail(FailureKind::kUnavailable, "pool");
        continue;  // or dropped
      }
      std::move(token).ack();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<AckToken, Number>> work_;  // guarded by mutex_
  bool over_ = false;                              // guarded by mutex_
  std::atomic<int> failed_{0};
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("a bolt that throws for one tuple in a thousand fails these alone, and is named") {
  constexpr std::uint64_t kMessages = 20'000;
  auto count = std::make_shared<Count>(kMessages);
  std::mutex mutex;
  std::vector<std::string> events;  // guarded by mutex
  std::vector<std::atomic<int>> tries(kMessages);
  TopologyBuilder builder{"thousand"};
  auto source = builder.spout("source", counting(count));
  auto work = builder.bolt("work", performing<Number, Number>([&](auto& bolt, const Number& n) {
                             if (n % 1'000 == 7 && ++tries[static_cast<std::size_t>(n)] <= 2)
                               throw std::runtime_error("does not parse");
                             bolt.out.emit(n);
                           }),
                           {.tasks = 2});
  work.shuffle(source);
  std::atomic<std::uint64_t> arrived{0};
  builder.bolt("sink", performing<Number>([&](auto&, const Number&) { ++arrived; })).shuffle(work);
  auto built = builder.build();
  REQUIRE(built);
  EngineOptions options;
  options.on_event = [&](const std::string& component, const std::string& text) {
    const std::lock_guard lock(mutex);
    events.push_back(component + ": " + text);
  };
  auto running = RunningTopology::start(std::move(built).value(), options);
  REQUIRE(running);
  CHECK((*running)->wait_finished(20s));
  const MetricsSnapshot m = (*running)->metrics();
  (*running)->stop(1s);
  CHECK(count->acked == kMessages);
  CHECK(count->failed == 40);
  CHECK(count->wrong == 0);
  CHECK(arrived == kMessages);
  std::uint64_t thrown = 0;
  for (const TaskMetricsSnapshot& t : m.tasks)
    if (t.component == "work") thrown += t.failed;
  CHECK(thrown == 40);
  REQUIRE(m.errors.size() == 1);
  CHECK(m.errors[0].component == "work");
  CHECK_THAT(m.errors[0].last.back().text, Contains("does not parse (message 0/"));
  REQUIRE(events.size() == 1);
  CHECK_THAT(events[0], Contains("work[") && Contains("does not parse (message 0/"));
}

TEST_CASE("a bolt that hangs is named with its message; its neighbours go on") {
  Gate gate;
  auto count = std::make_shared<Count>(5'000);
  auto hanging = std::make_shared<Count>(40);
  std::atomic<std::uint64_t> arrived{0};
  TopologyBuilder builder{"hang"};
  auto source = builder.spout("source", counting(count));
  auto other = builder.spout("other", counting(hanging));
  builder.bolt("sink", performing<Number>([&](auto&, const Number&) { ++arrived; }), {.tasks = 2})
      .shuffle(source);
  builder
      .bolt("hangs", performing<Number>([&](auto&, const Number& n) {
              if (n == 13) gate.pass();
            }))
      .shuffle(other);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value(), {.message_timeout = 400ms});
  REQUIRE(running);
  CHECK(eventually([&] { return count->acked == 5'000 && gate.waiting() > 0; }));
  // First seen as the oldest, by place; then expired; and its thread is called stuck after a second.
  std::string where;
  CHECK(eventually([&] {
    for (const OldestInFlight& o : (*running)->metrics().oldest)
      if (o.spout == "other" && o.component == "hangs") where = o.where;
    return !where.empty();
  }));
  CHECK_THAT(where, Contains("hangs[0]"));
  CHECK(eventually([&] { return hanging->failed >= 1; }));
  CHECK(eventually([&] { return !(*running)->metrics().stuck.empty(); }));
  const MetricsSnapshot m = (*running)->metrics();
  REQUIRE(m.stuck.size() == 1);
  CHECK(m.stuck[0].first == "hangs[0]");
  CHECK(m.stuck[0].second >= 1s);
  REQUIRE(m.errors.size() == 1);
  CHECK(m.errors[0].component == "other");
  for (const ErrorEntry& entry : m.errors[0].last)
    CHECK_THAT(entry.text, Contains(" expired after ") && Contains("hangs[0]"));
  gate.open();
  (*running)->stop(5s);
  CHECK(arrived == 5'000);
  CHECK(count->failed == 0);
}

TEST_CASE("tokens acked, failed and dropped on threads of nobody's settle their messages once") {
  constexpr std::uint64_t kMessages = 10'000;
  auto count = std::make_shared<Count>(kMessages);
  Pool pool{3};
  TopologyBuilder builder{"pool"};
  auto source = builder.spout("source", counting(count), {.max_in_flight = 200});
  auto work = builder.bolt("work", performing<Number, Number>([&](auto& bolt, const Number& n) {
                             bolt.out.emit(n);
                             pool.give(bolt.hold(), n);
                             if (n % 3 == 0) bolt.out.emit(n);
                           }),
                           {.tasks = 2});
  work.shuffle(source);
  builder
      .bolt("sink", performing<Number>([&](auto& bolt, const Number& n) {
              if (n % 2 == 0) pool.give(bolt.take(), 1);
            }))
      .shuffle(work);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE(running);
  CHECK((*running)->wait_finished(20s));
  const StopReport report = (*running)->stop(5s);
  CHECK(report.drained);
  CHECK(count->acked == kMessages);
  CHECK(count->failed == 100);
  CHECK(count->wrong == 0);
  CHECK(count->acked_sum == kMessages * (kMessages - 1) / 2);
}

TEST_CASE("tokens of a topology that ended meanwhile, on threads of nobody's, do nothing") {
  for (int i = 0; i < 10; ++i) {
    Pool pool{2};  // outlives the topology, and still has its tokens
    auto count = std::make_shared<Count>(1'000'000);
    TopologyBuilder builder{"gone"};
    auto source = builder.spout("source", counting(count), {.max_in_flight = 500});
    builder
        .bolt("work", performing<Number>(
                          [&](auto& bolt, const Number& n) { pool.give(bolt.hold(), n | 1); }))
        .shuffle(source);
    auto built = builder.build();
    REQUIRE(built);
    auto running = RunningTopology::start(std::move(built).value());
    REQUIRE(running);
    REQUIRE(eventually([&] { return count->acked > 100; }));
    if (i % 2 == 0) (*running)->stop(0ms);
    running->reset();
  }
  SUCCEED("nothing was touched after its end");
}

TEST_CASE("what threads of nobody's post is run once on the component's thread, or refused") {
  std::atomic<std::uint64_t> accepted{0};
  std::uint64_t run = 0;  // on the component's thread only
  std::mutex mutex;
  Poster poster;  // guarded by mutex until it is set
  auto count = std::make_shared<Count>(1);
  std::atomic<bool> over{false};
  TopologyBuilder builder{"post"};
  auto source = builder.spout("source", counting(count));
  builder
      .bolt("work", performing<Number>([&](auto& bolt, const Number&) {
              const std::lock_guard lock(mutex);
              poster = bolt.context().poster();
            }))
      .shuffle(source);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE(running);
  REQUIRE((*running)->wait_finished(10s));
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      Poster mine;
      {
        const std::lock_guard lock(mutex);
        mine = poster;
      }
      for (int n = 0; n < 200'000 && !over; ++n)
        if (mine.post([&run] { ++run; })) ++accepted;
    });
  }
  REQUIRE(eventually([&] { return accepted > 1'000; }));
  const StopReport report = (*running)->stop(100ms);
  CHECK_FALSE(poster.post([] {}));
  over = true;
  for (std::thread& t : threads)
    t.join();
  // What was in the box at the end was dropped with it: never more runs than were accepted.
  CHECK(run <= accepted);
  CHECK(run > 0);
  (void)report;
}
