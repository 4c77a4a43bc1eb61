#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

EngineOptions timing_out(std::chrono::milliseconds timeout) { return {.message_timeout = timeout}; }

/// source -> work -> sink; work does what the test says.
struct Watch {
  explicit Watch(LambdaBolt<int, int>::Execute execute)
      : topology(build(std::move(execute)), timing_out(4s)) {}

  Result<Topology> build(LambdaBolt<int, int>::Execute execute) {
    TopologyBuilder builder{"watch"};
    auto source = builder.spout("source", feeding(feed), {.max_in_flight = 4});
    auto work = builder.bolt("work", doing<int, int>(std::move(execute))).shuffle(source);
    builder.bolt("sink", doing<int>([this](auto&, const int&) { ++arrived; })).shuffle(work);
    return builder.build();
  }

  FeedPtr<int> feed = feed_of<int>();
  int arrived = 0;
  std::vector<AckToken> held;
  SteppedTopology topology;
};

}  // namespace

TEST_CASE("a message whose token is held for too long expires and names the holder") {
  std::vector<AckToken>* held = nullptr;
  Watch w{[&](auto& bolt, const int&) { held->push_back(bolt.hold()); }};
  held = &w.held;
  w.feed->add({1, 2});
  w.topology.advance(3s);
  CHECK(w.feed->failed.empty());
  w.topology.advance(3s);
  REQUIRE(w.feed->failed.size() == 2);
  const Failure& f = w.feed->failed[0];
  CHECK(f.kind == FailureKind::kExpired);
  CHECK(f.component == "work");
  CHECK_THAT(f.reason, StartsWith("no progress for 4.0 s: held by work[0]"));
  CHECK(w.topology.metrics("source").failed == 2);
  CHECK(w.topology.metrics("source").in_flight == 0);
  CHECK_THAT(w.topology.errors("source")[0].text, Contains("expired after"));
}

TEST_CASE("an expired message is told once, however its tokens end, and its slot is used again") {
  std::vector<AckToken>* held = nullptr;
  Watch w{[&](auto& bolt, const int& in) {
    if (in < 4) held->push_back(bolt.hold());
  }};
  held = &w.held;
  w.feed->add({0, 1, 2, 3});
  w.topology.advance(8s);
  REQUIRE(w.feed->failed.size() == 4);
  // Every slot is held by a zombie: nothing new may start, as nobody may know a slot under two names.
  w.feed->add(9);
  w.topology.advance(1s);
  CHECK(w.feed->acked.empty());
  std::move(w.held[0]).ack();
  std::move(w.held[1]).fail(FailureKind::kError, "late");
  w.held.clear();
  w.topology.run();
  CHECK(w.feed->failed.size() == 4);
  CHECK(w.feed->acked == std::vector<std::uint64_t>{4});
  w.feed->add({10, 11, 12, 13, 14});
  w.topology.run();
  CHECK(w.feed->acked.size() == 6);
  CHECK(w.feed->failed.size() == 4);
  const auto m = w.topology.metrics("source");
  CHECK(m.opened == m.acked + m.failed + m.in_flight);
}

TEST_CASE("a message that waits in front of a hung bolt expires and names that bolt") {
  Watch w{[](auto& bolt, const int& in) { bolt.out.emit(in); }};
  w.topology.hang("work");
  w.feed->add({1});
  w.topology.advance(6s);
  REQUIRE(w.feed->failed.size() == 1);
  CHECK(w.feed->failed[0].component == "work");
  CHECK_THAT(w.feed->failed[0].reason, Contains("queued for work[0]"));
}

TEST_CASE("a bolt that hangs in execute() is named, with its message and how long it hangs") {
  SteppedTopology* running = nullptr;
  std::optional<OldestInFlight> oldest;
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> stuck;
  Watch w{[&](auto&, const int& in) {
    if (in != 1) return;
    running->hang("work");  // it is in this very call
    running->advance(7s);
    const MetricsSnapshot s = running->runtime().metrics();
    if (!s.oldest.empty()) oldest = s.oldest[0];
    stuck = s.stuck;
    running->wake_up();
  }};
  running = &w.topology;
  w.feed->add({0, 1, 2});
  w.topology.run();
  REQUIRE(w.feed->failed.size() >= 1);
  const Failure& f = w.feed->failed[0];
  CHECK(f.kind == FailureKind::kExpired);
  CHECK(f.component == "work");
  REQUIRE(stuck.size() == 1);
  CHECK(stuck[0].first == "work[0]");
  CHECK(stuck[0].second == 7s);
  bool executing = false;
  for (const Failure& each : w.feed->failed)
    executing |=
        each.id.offset == 1 && each.reason.find("executing in work[0] for") != std::string::npos;
  CHECK(executing);
  (void)oldest;
}

TEST_CASE("the oldest message in flight is shown with its place and age before it expires") {
  std::vector<AckToken>* held = nullptr;
  Watch w{[&](auto& bolt, const int&) { held->push_back(bolt.hold()); }};
  held = &w.held;
  w.feed->add(1);
  w.topology.advance(2s);
  w.feed->add(2);
  w.topology.advance(1s);
  const auto oldest = w.topology.runtime().metrics().oldest;
  REQUIRE(oldest.size() == 1);
  CHECK(oldest[0].spout == "source");
  CHECK(oldest[0].id.offset == 0);
  CHECK(oldest[0].component == "work");
  CHECK(oldest[0].where == "held by work[0]");
  CHECK(oldest[0].age >= 2s);
  CHECK(oldest[0].age <= 3s);
  for (AckToken& token : w.held)
    std::move(token).ack();
  w.topology.advance(2s);
  CHECK(w.topology.runtime().metrics().oldest.empty());
}

TEST_CASE("a message that moves on does not expire, however old it is") {
  // From hand to hand, each of which holds it for less than the timeout.
  auto feed = feed_of<int>({1});
  std::vector<AckToken> held;
  Poster pass[3];
  TopologyBuilder builder{"relay"};
  auto source = builder.spout("source", feeding(feed));
  const auto relay = [&](std::size_t i) {
    return doing<int, int>([&held, &pass, i](auto& bolt, const int& in) {
      held.push_back(bolt.hold());
      pass[i] = bolt.context().poster();
      bolt.context().after(3s, [&held, &bolt, in] {
        AckToken token = std::move(held.back());
        held.pop_back();
        bolt.out.emit(in, token);
        std::move(token).ack();
      });
    });
  };
  auto a = builder.bolt("a", relay(0)).shuffle(source);
  auto b = builder.bolt("b", relay(1)).shuffle(a);
  auto c = builder.bolt("c", relay(2)).shuffle(b);
  builder.bolt("sink", doing<int>([](auto&, const int&) {})).shuffle(c);
  SteppedTopology topology{builder.build(), timing_out(4s)};
  topology.advance(10s);
  CHECK(feed->failed.empty());
  CHECK(feed->acked.size() == 1);
}

TEST_CASE("a bolt that takes tuples over may take its time, unless its thread hangs") {
  std::vector<AckToken>* held = nullptr;
  Watch w{[&](auto& bolt, const int&) { held->push_back(bolt.take()); }};
  held = &w.held;
  w.feed->add(1);
  w.topology.advance(20s);
  CHECK(w.feed->failed.empty());
  w.topology.hang("work");
  w.topology.advance(6s);
  REQUIRE(w.feed->failed.size() == 1);
  CHECK(w.feed->failed[0].component == "work");
  CHECK_THAT(w.feed->failed[0].reason, Contains("held by work[0], whose thread is in"));
}

TEST_CASE("whoever holds a tuple that is anchored to several messages is named for each of them") {
  auto feed = feed_of<int>({0, 1});
  std::vector<AckToken> kept;
  std::vector<AckToken> held;
  TopologyBuilder builder{"joined"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, int>([&](auto& bolt, const int& in) {
                             kept.push_back(bolt.take());
                             if (in != 1) return;
                             AckToken both = AckToken::join(std::exchange(kept, {}));
                             bolt.out.emit(in, both);
                             std::move(both).ack();
                           }));
  work.shuffle(source);
  builder.bolt("sink", doing<int>([&](auto& bolt, const int&) { held.push_back(bolt.hold()); }))
      .shuffle(work);
  SteppedTopology topology{builder.build(), timing_out(4s)};
  topology.advance(8s);
  REQUIRE(feed->failed.size() == 2);
  CHECK(feed->failed[0].component == "sink");
  CHECK(feed->failed[1].component == "sink");
}

TEST_CASE("a clock that jumps ahead expires nothing that was not watched for the timeout") {
  std::vector<AckToken>* held = nullptr;
  Watch w{[&](auto& bolt, const int&) { held->push_back(bolt.hold()); }};
  held = &w.held;
  w.feed->add(1);
  w.topology.run();
  w.topology.clock.advance(3600s);  // a suspended machine
  w.topology.run();
  w.topology.run();
  CHECK(w.feed->failed.empty());
}
