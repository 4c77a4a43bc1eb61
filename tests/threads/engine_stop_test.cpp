#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
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

/// A spout that never ends.
class Endless final : public Spout<Number> {
 public:
  explicit Endless(std::atomic<std::uint64_t>* acked) : acked_(acked) {}
  Next next_batch(std::size_t max) override {
    for (; max > 0; --max, ++next_)
      emit(next_, {.offset = next_});
    return Next::more();
  }
  void acked(std::span<const MessageId> ids) override { *acked_ += ids.size(); }

 private:
  std::atomic<std::uint64_t>* acked_;
  Number next_ = 0;
};

/// An endless spout and a sink that does what the test says.
struct Endlessly {
  explicit Endlessly(FunctionBolt<Number>::Execute execute, EngineOptions options = {}) {
    TopologyBuilder builder{"endless"};
    auto source =
        builder.spout("source", [this] { return Endless{&acked}; }, {.max_in_flight = 256});
    auto pass = builder.bolt(
        "pass", performing<Number, Number>([](auto& bolt, const Number& n) { bolt.out.emit(n); }),
        {.tasks = 2});
    pass.shuffle(source);
    builder.bolt("sink", performing<Number>(std::move(execute))).shuffle(pass);
    auto started = RunningTopology::start(std::move(builder.build()).value(), std::move(options));
    if (started) topology = std::move(started).value();
  }
  std::atomic<std::uint64_t> acked{0};
  std::unique_ptr<RunningTopology> topology;
};

}  // namespace

TEST_CASE("a drain in full flow leaves nothing behind: all that was taken is acked") {
  std::atomic<std::uint64_t> executed{0};
  Endlessly e{[&](auto&, const Number&) { ++executed; }};
  REQUIRE(e.topology);
  REQUIRE(eventually([&] { return executed > 1'000; }));
  const StopReport report = e.topology->stop(10s);
  CHECK(report.drained);
  CHECK(report.left_in_flight == 0);
  CHECK(report.oldest.empty());
  CHECK(e.acked == executed);
  const auto m = e.topology->metrics();
  CHECK(m.tasks[0].opened == m.tasks[0].acked);
}

TEST_CASE("a stop without a drain is quick and says what it left") {
  Endlessly e{[&](auto&, const Number&) { std::this_thread::sleep_for(1ms); }};
  REQUIRE(e.topology);
  REQUIRE(eventually([&] { return e.topology->metrics().tasks[0].in_flight == 256; }));
  const auto before = std::chrono::steady_clock::now();
  const StopReport report = e.topology->stop(0ms);
  CHECK(std::chrono::steady_clock::now() - before < 5s);
  CHECK_FALSE(report.drained);
  CHECK(report.left_in_flight > 0);
}

TEST_CASE("a second stop, at once or from another thread, gets the first one's report") {
  Endlessly e{[](auto&, const Number&) {}};
  REQUIRE(e.topology);
  std::optional<StopReport> other;
  std::thread thread([&] { other = e.topology->stop(10s); });
  const StopReport report = e.topology->stop(10s);
  thread.join();
  CHECK(report.drained);
  CHECK(other->drained);
  CHECK(e.topology->stop(0ms).drained);
}

TEST_CASE("a topology may be destroyed in full flow without a stop") {
  for (int i = 0; i < 20; ++i) {
    Endlessly e{[](auto&, const Number&) {}};
    REQUIRE(e.topology);
    if (i % 2 == 0) REQUIRE(eventually([&] { return e.acked > 100; }));
  }
}

TEST_CASE("hurry() ends a drain that cannot finish") {
  std::vector<AckToken> kept;
  std::atomic<bool> is_kept{false};
  Endlessly e{[&](auto& bolt, const Number& n) {
    if (n != 10) return;
    kept.push_back(bolt.hold());
    is_kept = true;
  }};
  REQUIRE(e.topology);
  REQUIRE(eventually([&] { return is_kept.load(); }));
  std::optional<StopReport> report;
  std::thread stopping([&] { report = e.topology->stop(60s); });
  std::this_thread::sleep_for(20ms);
  const auto before = std::chrono::steady_clock::now();
  e.topology->hurry();
  stopping.join();
  CHECK(std::chrono::steady_clock::now() - before < 10s);
  CHECK_FALSE(report->drained);
  CHECK(report->left_in_flight == 1);
  kept.clear();  // on a thread of no engine, after the end
}

TEST_CASE("a drain that cannot finish ends at its deadline") {
  std::vector<AckToken> kept;
  std::atomic<bool> is_kept{false};
  Endlessly e{[&](auto& bolt, const Number& n) {
                if (n != 10) return;
                kept.push_back(bolt.hold());
                is_kept = true;
              },
              {.message_timeout = 80ms}};
  REQUIRE(e.topology);
  REQUIRE(eventually([&] { return is_kept.load(); }));
  const auto before = std::chrono::steady_clock::now();
  const StopReport report = e.topology->stop(50ms);
  CHECK_FALSE(report.drained);
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("whoever waits for the end is let go when another thread stops the topology") {
  Endlessly e{[](auto&, const Number&) {}};
  REQUIRE(e.topology);
  std::atomic<bool> waits{true};
  std::optional<bool> finished;
  std::thread waiter([&] {
    finished = e.topology->wait_finished();
    waits = false;
  });
  std::this_thread::sleep_for(5ms);
  e.topology->stop(10s);
  CHECK(eventually([&] { return !waits; }));
  if (waits) e.topology->hurry();
  waiter.join();
  CHECK_FALSE(*finished);
}

TEST_CASE("activating, posting and asking for metrics while it stops harms nothing") {
  for (int i = 0; i < 10; ++i) {
    Endlessly e{[](auto&, const Number&) {}};
    REQUIRE(e.topology);
    std::atomic<bool> over{false};
    std::thread busy([&] {
      while (!over) {
        e.topology->deactivate();
        (void)e.topology->metrics();
        e.topology->activate();
      }
    });
    std::this_thread::sleep_for(1ms);
    const StopReport report = e.topology->stop(10s);
    over = true;
    busy.join();
    CHECK(report.drained);
  }
}

TEST_CASE("one of many components that does not open is named, and all others are closed") {
  struct Opens final : Bolt<Number> {
    Opens(std::atomic<int>* open, bool fails) : open_(open), fails_(fails) {}
    Status open(Context& context) override {
      if (fails_ && context.task() == 2)
        return {ErrorKind::kUnavailable, "cannot reach redis at 10.0.0.1:6379: check state:"};
      ++*open_;
      return {};
    }
    void execute(const Number&) override {}
    void close() override { --*open_; }
    std::atomic<int>* open_;
    bool fails_;
  };
  std::atomic<int> open{0};
  std::atomic<std::uint64_t> acked{0};
  TopologyBuilder builder{"opening"};
  auto source = builder.spout("source", [&] { return Endless{&acked}; });
  builder.bolt("good", [&] { return Opens{&open, false}; }, {.tasks = 4}).shuffle(source);
  builder.bolt("bad", [&] { return Opens{&open, true}; }, {.tasks = 3}).shuffle(source);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE_FALSE(running);
  CHECK(running.error().kind == ErrorKind::kUnavailable);
  CHECK(running.error().message ==
        "bad[2] did not open: cannot reach redis at 10.0.0.1:6379: check state:");
  CHECK(open == 0);
  CHECK(acked == 0);
}
