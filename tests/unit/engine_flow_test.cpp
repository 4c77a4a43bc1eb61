#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace {

using Offsets = std::vector<std::uint64_t>;
using Calls = std::vector<std::string>;

std::vector<int> many(int n) {
  std::vector<int> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// source -> sink; the sink keeps a token of every tuple while `holds`.
struct Flow {
  explicit Flow(ComponentOptions source_options = {}, EngineOptions options = {})
      : topology(build(std::move(source_options)), std::move(options)) {}

  Result<Topology> build(ComponentOptions source_options) {
    TopologyBuilder builder{"flow"};
    auto source = builder.spout("source", feeding(feed), std::move(source_options));
    builder
        .bolt("sink", doing<int>([this](auto& bolt, const int&) {
                ++executed;
                if (holds) held.push_back(bolt.hold());
              }))
        .shuffle(source);
    return builder.build();
  }
  void ack_all() {
    for (AckToken& token : held)
      std::move(token).ack();
    held.clear();
    topology.run();
  }
  internal::SpoutRunner& spout() { return *topology.runtime().spouts()[0]; }

  FeedPtr<int> feed = feed_of<int>();
  int executed = 0;
  bool holds = false;
  std::vector<AckToken> held;
  SteppedTopology topology;
};

}  // namespace

TEST_CASE("no more messages of a spout task are in flight than its cap, and all come through") {
  Flow flow{{.max_in_flight = 10}};
  flow.holds = true;
  flow.feed->add(many(95));
  flow.topology.run();
  CHECK(flow.executed == 10);
  CHECK(flow.topology.metrics("source").in_flight == 10);
  while (!flow.held.empty())
    flow.ack_all();
  CHECK(flow.executed == 95);
  CHECK(flow.feed->most_in_flight == 10);
  CHECK(flow.feed->acked.size() == 95);
}

TEST_CASE("a spout stops at the cap of bytes in flight, and goes on when they are done") {
  Flow flow{{}, {.max_in_flight_bytes = 1'000}};
  flow.holds = true;
  flow.feed->bytes_each = 1'000;
  flow.feed->add(many(300));
  flow.topology.run();
  const auto first = flow.executed;
  CHECK(first == 1);
  CHECK(flow.topology.runtime().bytes_in_flight == static_cast<std::size_t>(first) * 1'000);
  flow.topology.advance(1s);
  CHECK(flow.executed == first);
  while (!flow.held.empty())
    flow.ack_all();
  CHECK(flow.executed == 300);
  CHECK(flow.topology.runtime().bytes_in_flight == 0);
}

TEST_CASE("one message larger than the cap of bytes gets through when nothing else is in flight") {
  Flow flow{{}, {.max_in_flight_bytes = 10}};
  flow.feed->bytes_each = 1'000;
  flow.feed->add(1);
  flow.topology.run();
  CHECK(flow.feed->acked == Offsets{0});
}

TEST_CASE("one large message does not make its spout slow for ever") {
  Flow flow{{}, {.max_in_flight_bytes = 1'000}};
  flow.feed->bytes_each = 900;
  flow.feed->add(1);
  flow.topology.run();
  flow.feed->bytes_each = 1;
  flow.holds = true;
  flow.feed->add(many(300));
  flow.topology.advance(10ms, 1ms);
  CHECK(flow.held.size() == 300);
}

TEST_CASE("a spout that waits for bytes of another spout looks again by itself") {
  auto hog = feed_of<int>({1});
  hog->bytes_each = 1'000;
  auto other = feed_of<int>();
  std::vector<AckToken> held;
  TopologyBuilder builder{"bytes"};
  auto first = builder.spout("hog", feeding(hog));
  auto second = builder.spout("other", feeding(other));
  builder.bolt("keeper", doing<int>([&](auto& b, const int&) { held.push_back(b.hold()); }))
      .shuffle(first);
  builder.bolt("sink", doing<int>([](auto&, const int&) {})).shuffle(second);
  SteppedTopology topology{builder.build(), {.max_in_flight_bytes = 1'000}};
  topology.run();
  REQUIRE(held.size() == 1);
  other->add(1);
  topology.run();
  CHECK(other->acked.empty());
  held.clear();
  topology.step("hog");  // nobody wakes the other one
  topology.advance(10ms, 1ms);
  CHECK(other->acked.size() == 1);
}

TEST_CASE("a spout that is idle until a time, with no room, sleeps until there is room") {
  // Emits what fits, says when it wants to be asked again, and is asked too early never.
  struct Paced final : Spout<int> {
    Next next_batch(std::size_t max) override {
      for (; max > 0; --max)
        emit(0, {});
      return Next::idle_until(Instant{});  // at once
    }
  };
  std::vector<AckToken> held;
  TopologyBuilder builder{"paced"};
  auto source = builder.spout("source", [] { return Paced{}; }, {.max_in_flight = 4});
  builder.bolt("keeper", doing<int>([&](auto& b, const int&) { held.push_back(b.hold()); }))
      .shuffle(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(held.size() == 4);
  const auto due = topology.executor("source").next_due();
  REQUIRE(due.has_value());  // the watch for messages that get nowhere
  CHECK(*due > topology.clock.now());
  std::move(held.back()).ack();
  held.pop_back();
  topology.run();
  CHECK(held.size() == 4);
}

TEST_CASE("a deactivated spout emits nothing, and hears of what was in flight") {
  Flow flow;
  flow.holds = true;
  flow.feed->add(1);
  flow.topology.run();
  flow.spout().deactivate();
  flow.spout().deactivate();
  flow.feed->add({2, 3});
  flow.topology.run();
  CHECK(flow.executed == 1);
  flow.ack_all();
  CHECK(flow.feed->acked == Offsets{0});
  flow.spout().activate();
  flow.spout().activate();
  flow.topology.run();
  CHECK(flow.executed == 3);
  CHECK(flow.feed->calls == Calls{"deactivate", "activate"});
}

TEST_CASE("a drain takes no new message and is over when what is in flight is done") {
  Flow flow;
  flow.holds = true;
  flow.feed->add(1);
  flow.topology.run();
  flow.feed->add(2);
  flow.topology.drain();
  CHECK(flow.executed == 1);
  CHECK_FALSE(flow.topology.runtime().is_settled());
  flow.ack_all();
  CHECK(flow.topology.runtime().is_settled());
  CHECK(flow.feed->waiting.size() == 1);
  CHECK(flow.feed->calls == Calls{"drain"});
  flow.topology.close();
  flow.topology.close();
  CHECK(flow.feed->calls == Calls{"drain", "close"});
}

TEST_CASE("bolts are told to let go while draining, and to write when they have nothing to do") {
  class Batching final : public Bolt<int> {
   public:
    explicit Batching(std::string* log) : log_(log) {}
    void execute(const int&) override { kept_.push_back(hold()); }
    void on_idle() override { *log_ += 'i'; }
    void on_drain() override {
      *log_ += 'd';
      for (AckToken& token : kept_)
        std::move(token).ack();
      kept_.clear();
    }

   private:
    std::string* log_;
    std::vector<AckToken> kept_;
  };
  auto feed = feed_of<int>({1, 2, 3});
  std::string log;
  TopologyBuilder builder{"batch"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("batch", [&] { return Batching{&log}; }).shuffle(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(log.find('i') != std::string::npos);
  CHECK(log.find('d') == std::string::npos);
  CHECK(feed->acked.empty());
  topology.drain();
  CHECK(log.find('d') != std::string::npos);
  CHECK(feed->acked.size() == 3);
  CHECK(topology.runtime().is_settled());
}

TEST_CASE("a bolt that throws when idle is reported under its own name, and works on") {
  auto feed = feed_of<int>({1});
  bool throws_int = false;
  TopologyBuilder builder{"idle"};
  auto source = builder.spout("source", feeding(feed));
  builder
      .bolt("sink",
            [&] {
              auto bolt = std::make_unique<LambdaBolt<int>>([](auto&, const int&) {});
              bolt->idle = [&](auto&) {
                if (throws_int) throw 5;
                throw std::runtime_error("cannot write");
              };
              return bolt;
            })
      .local(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  REQUIRE(topology.errors("sink").size() == 1);
  CHECK(topology.errors("sink")[0].text == "on_idle threw: cannot write");
  throws_int = true;
  feed->add(2);
  topology.run();
  CHECK(topology.errors("sink").back().text ==
        "on_idle threw: an exception that is no std::exception");
  CHECK(feed->acked.size() == 2);
}

TEST_CASE("a token that is failed when idle counts for the bolt that failed it") {
  auto feed = feed_of<int>({1});
  std::vector<AckToken> kept;
  TopologyBuilder builder{"idle"};
  auto source = builder.spout("source", feeding(feed));
  builder
      .bolt("sink",
            [&] {
              auto bolt = std::make_unique<LambdaBolt<int>>(
                  [&](auto& b, const int&) { kept.push_back(b.hold()); });
              bolt->idle = [&](auto&) {
                for (AckToken& token : kept)
                  std::move(token).fail(FailureKind::kUnavailable, "disk full");
                kept.clear();
              };
              return bolt;
            })
      .local(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  REQUIRE(feed->failed.size() == 1);
  CHECK(feed->failed[0].component == "sink");
  CHECK(topology.metrics("sink").failed == 1);
}

TEST_CASE("a spout that throws is reported, left alone for a second, and asked again") {
  struct Throwing final : Spout<int> {
    explicit Throwing(int* calls) : calls_(calls) {}
    Next next_batch(std::size_t) override {
      if (++*calls_ < 3) throw std::runtime_error("broker gone");
      emit(1, {.offset = 4});
      return Next::finished();
    }
    int* calls_;
  };
  int calls = 0;
  auto got = collected<int>();
  TopologyBuilder builder{"throwing"};
  auto source = builder.spout("source", [&] { return Throwing{&calls}; });
  builder.bolt("sink", collecting(got)).shuffle(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(calls == 1);
  topology.advance(900ms);
  CHECK(calls == 1);
  topology.advance(3s);
  CHECK(calls == 3);
  CHECK((*got)[0] == std::vector<int>{1});
  CHECK(topology.errors("source")[0].text == "next_batch() threw: broker gone");
  CHECK(topology.errors("source")[0].times == 2);
  CHECK(topology.runtime().is_finished());
}

TEST_CASE("what a spout emits untracked on another stream is handed over, too") {
  struct TwoStreams final : Spout<int> {
    Output<int> other{this, "other"};
    Status open(Context& context) override {
      wake = context.waker();
      return {};
    }
    Next next_batch(std::size_t) override {
      if (std::exchange(ready, false)) other.emit(5);
      return Next::idle();
    }
    bool ready = false;
    std::function<void()> wake;
  };
  TwoStreams* spout = nullptr;
  auto got = collected<int>();
  TopologyBuilder builder{"two"};
  auto source = builder.spout("source", [&] {
    auto made = std::make_unique<TwoStreams>();
    spout = made.get();
    return made;
  });
  builder.bolt("sink", collecting(got)).shuffle(source[&TwoStreams::other]);
  builder.discard(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  spout->ready = true;
  spout->wake();
  topology.run();
  CHECK((*got)[0] == std::vector<int>{5});
}

TEST_CASE("a posted function runs on the component's thread; after the end it is refused") {
  auto feed = feed_of<int>();
  auto got = collected<int>();
  Poster poster;
  LambdaBolt<int, int>* work = nullptr;
  TopologyBuilder builder{"post"};
  auto source = builder.spout("source", feeding(feed));
  auto bolt = builder.bolt("work", doing<int, int>([&](auto& b, const int&) {
                             poster = b.context().poster();
                             work = &b;
                           }));
  bolt.shuffle(source);
  builder.bolt("sink", collecting(got)).shuffle(bolt);
  {
    SteppedTopology topology{builder.build()};
    CHECK_FALSE(poster.post([] {}));
    feed->add(1);
    topology.run();
    CHECK(poster.post([&] { work->out.emit(42); }));
    CHECK(poster.post([] { throw std::runtime_error("posted"); }));
    CHECK(got->empty());
    topology.run();
    CHECK((*got)[0] == std::vector<int>{42});
    CHECK(topology.errors("work")[0].text == "a timer or posted function threw: posted");
    topology.close();
    CHECK_FALSE(poster.post([&] { work->out.emit(43); }));
  }
  CHECK_FALSE(poster.post([] {}));
}

TEST_CASE("a topology is finished when every spout said so and nothing is in flight") {
  Flow flow;
  flow.holds = true;
  flow.feed->finishes = true;
  flow.feed->add({1, 2});
  flow.topology.run();
  CHECK(flow.topology.runtime().is_finished());
  CHECK_FALSE(flow.topology.runtime().is_settled());
  flow.ack_all();
  CHECK(flow.topology.runtime().is_settled());
  CHECK(flow.topology.runtime().looks_quiet());
}

TEST_CASE("a topology with a blocked lane is not quiet, though every thread sleeps") {
  auto feed = feed_of<int>();
  feed->untracked = true;
  TopologyBuilder builder{"blocked"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("sink", doing<int>([](auto&, const int&) {})).shuffle(source);
  SteppedTopology topology{builder.build(), {.block_tuples = 1, .blocks_per_lane = 2}};
  feed->add(many(3));
  topology.hang("source");
  topology.run();
  // All of it is in the lane and behind it; then the sink empties the lane before the spout looks.
  topology.step("source");
  topology.step("source");
  while (topology.step("sink"))
    ;
  CHECK(topology.executor("source").has_work());
  CHECK_FALSE(topology.runtime().looks_quiet());
  topology.wake_up();
  topology.run();
  CHECK(topology.runtime().looks_quiet());
}

TEST_CASE("a component that does not open is named, and is not closed itself") {
  struct Opens final : Bolt<int> {
    Opens(std::string* log, bool fails) : log_(log), fails_(fails) {}
    Status open(Context&) override {
      *log_ += 'o';
      if (fails_) return {ErrorKind::kUnavailable, "no database at 10.0.0.1"};
      return {};
    }
    void execute(const int&) override {}
    void close() override { *log_ += 'c'; }
    std::string* log_;
    bool fails_;
  };
  std::string good;
  std::string bad;
  TopologyBuilder builder{"open"};
  auto source = builder.spout("source", feeding(feed_of<int>()));
  builder.bolt("good", [&] { return Opens{&good, false}; }).shuffle(source);
  builder.bolt("bad", [&] { return Opens{&bad, true}; }).shuffle(source);
  testing::ManualClock clock;
  internal::Runtime runtime{std::move(builder.build()).value().take_plan(), {.clock = &clock}};
  std::string text;
  for (const auto& executor : runtime.executors())
    if (Status s = executor->open_tasks(); !s) text += s.message();
  for (const auto& executor : runtime.executors())
    executor->end();
  CHECK(text == "bad[0] did not open: no database at 10.0.0.1");
  CHECK(good == "oc");
  CHECK(bad == "o");
}
