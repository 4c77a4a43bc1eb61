#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/runtime/timers.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;
using bora::internal::Timers;

namespace {

constexpr Instant kStart{std::chrono::nanoseconds{1'000'000}};

/// Rings everything that is due.
void ring(Timers& timers, Instant now) {
  while (auto fn = timers.take_due(now))
    (*fn)();
}

/// A bolt that reads nothing of interest and has timers.
class Ringing final : public Bolt<int, std::string> {
 public:
  using OnOpen = std::function<void(Ringing&, Context&)>;
  explicit Ringing(OnOpen on_open) : on_open_(std::move(on_open)) {}
  Status open(Context& context) override {
    on_open_(*this, context);
    return {};
  }
  void execute(const int&) override {}

 private:
  OnOpen on_open_;
};

Result<Topology> ringing(Ringing::OnOpen on_open, std::vector<std::string>& got) {
  TopologyBuilder builder{"timers"};
  auto source = builder.spout("source", feeding(feed_of<int>()));
  auto bolt = builder.bolt("bolt", [=] { return Ringing{on_open}; }).shuffle(source);
  builder
      .bolt("sink", doing<std::string>([&got](auto&, const std::string& in) { got.push_back(in); }))
      .shuffle(bolt);
  return builder.build();
}

}  // namespace

TEST_CASE("timers ring in order of their time, and in order of creation at one time") {
  Timers timers;
  std::string rang;
  timers.add(kStart + 2s, {}, [&] { rang += 'c'; });
  timers.add(kStart + 1s, {}, [&] { rang += 'a'; });
  timers.add(kStart + 1s, {}, [&] { rang += 'b'; });
  CHECK(timers.next_due() == kStart + 1s);
  ring(timers, kStart + 999ms);
  CHECK(rang.empty());
  ring(timers, kStart + 2s);
  CHECK(rang == "abc");
  CHECK_FALSE(timers.next_due().has_value());
}

TEST_CASE("a periodic timer rings every period and does not make up for what was late") {
  Timers timers;
  int rang = 0;
  timers.add(kStart + 1s, 1s, [&] { ++rang; });
  ring(timers, kStart + 1s);
  ring(timers, kStart + 2s);
  CHECK(rang == 2);
  ring(timers, kStart + 10s);
  CHECK(rang == 3);
  CHECK(timers.next_due() == kStart + 11s);
}

TEST_CASE("a timer's function may add timers, and outlives a clear() that it calls itself") {
  Timers timers;
  std::string rang;
  timers.add(kStart, {}, [&, text = std::string("still here")] {
    timers.add(kStart, {}, [&] { rang += "second"; });
    timers.clear();
    rang += text;
  });
  ring(timers, kStart);
  CHECK(rang == "still here");
  CHECK_FALSE(timers.next_due().has_value());
}

TEST_CASE("a component's timers ring on its thread, and what they emit is handed over") {
  std::vector<std::string> got;
  SteppedTopology topology{ringing(
      [](Ringing& bolt, Context& context) {
        context.every(2s, [&bolt] { bolt.out.emit("tick"); });
        context.after(3s, [&bolt] { bolt.out.emit("once"); });
      },
      got)};
  topology.advance(5s);
  CHECK(got == std::vector<std::string>{"tick", "once", "tick"});
}

TEST_CASE("a timer that throws is reported and keeps ringing") {
  std::vector<std::string> got;
  SteppedTopology topology{ringing(
      [](Ringing&, Context& context) {
        context.every(1s, [] { throw std::runtime_error("no good"); });
        context.every(1s, [] { throw 5; });
      },
      got)};
  topology.advance(3s);
  std::uint64_t times = 0;
  for (const ErrorEntry& e : topology.errors("bolt"))
    times += e.times;
  CHECK(times == 6);
  CHECK(topology.errors("bolt")[0].text == "a timer or posted function threw: no good");
}

TEST_CASE("a timer that sets itself again without delay does not keep its executor for ever") {
  std::vector<std::string> got;
  int rang = 0;
  std::function<void()> again;
  SteppedTopology topology{ringing(
      [&](Ringing&, Context& context) {
        again = [&rang, &again, copy = context]() mutable {
          if (++rang < 1'000) copy.after(0s, again);
        };
        context.after(1s, again);
      },
      got)};
  topology.clock.advance(1s);
  topology.step("bolt");
  CHECK(rang < 10);
  topology.run();
  CHECK(rang == 1'000);
}

TEST_CASE("no timer rings after close()") {
  std::vector<std::string> got;
  int rang = 0;
  SteppedTopology topology{
      ringing([&](Ringing&, Context& context) { context.every(1s, [&] { ++rang; }); }, got)};
  topology.advance(2s);
  topology.close();
  topology.advance(2s);
  CHECK(rang == 2);
}
