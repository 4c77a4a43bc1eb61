#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

namespace {

using bora::testing::BoltTester;
using bora::testing::by_arrival;
using bora::testing::ManualClock;
using bora::testing::Shown;
using namespace std::chrono_literals;

/// 1,700,000,000 s is a multiple of 10 s: windows of 10 s begin where the tester's clock does.
constexpr std::int64_t kFirst = ManualClock::kWallStart.time_since_epoch() / 10s;

TEST_CASE("windows by arrival: one is shown when its time is over, without another input") {
  BoltTester t{by_arrival({.size = 10s})};
  const auto a = t.feed({"a", 1});
  t.advance(9s);
  const auto b = t.feed({"a", 2});
  t.advance(999ms);
  CHECK(t.emitted().empty());
  CHECK(b.pending());
  t.advance(1ms);
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {1, 2}}});
  CHECK(a.acked());
  CHECK(b.acked());
  CHECK(t.bolt().bounds[0].first == ManualClock::kWallStart);
  CHECK(t.bolt().bounds[0].second == ManualClock::kWallStart + 10s);
}

TEST_CASE("windows by arrival: all keys' windows close together, in the order in which keys came") {
  BoltTester t{by_arrival({.size = 10s})};
  t.feed({"b", 1});
  t.advance(3s);
  t.feed({"a", 2});
  t.advance(3s);
  t.feed({"b", 3});
  t.advance(4s);
  CHECK(t.emitted() == std::vector<Shown>{{"b", kFirst, {1, 3}}, {"a", kFirst, {2}}});
  CHECK(t.bolt().counts().keys == 0);
}

TEST_CASE("windows by arrival: sliding ones hold an input size / slide times, then it is acked") {
  BoltTester t{by_arrival({.size = 10s, .slide = 5s})};
  const auto fed = t.feed({"a", 1});
  t.advance(5s);
  CHECK(t.emitted() == std::vector<Shown>{{"a", 2 * kFirst - 1, {1}}});
  CHECK(fed.pending());
  t.advance(5s);
  CHECK(t.emitted() == std::vector<Shown>{{"a", 2 * kFirst - 1, {1}}, {"a", 2 * kFirst, {1}}});
  CHECK(fed.acked());
}

TEST_CASE("windows by arrival: empty windows are not shown") {
  BoltTester t{by_arrival({.size = 10s})};
  t.advance(10min);
  CHECK(t.emitted().empty());
  CHECK(t.bolt().counts().windows == 0);
}

TEST_CASE("windows by arrival: inputs between two windows are acked at once") {
  BoltTester t{by_arrival({.size = 5s, .slide = 10s})};
  CHECK(t.feed({"a", 1}).pending());
  t.advance(6s);
  CHECK(t.feed({"a", 2}).acked());
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {1}}});
}

TEST_CASE("windows by arrival: time goes on while no window is open") {
  BoltTester t{by_arrival({.size = 5s, .slide = 10s})};
  t.advance(6s);
  CHECK(t.feed({"a", 1}).acked());
  t.advance(5s);
  CHECK(t.feed({"a", 2}).pending());
}

TEST_CASE("windows by arrival: a jump of the wall clock neither closes nor delays a window") {
  BoltTester t{by_arrival({.size = 10s})};
  t.feed({"a", 1});
  t.clock().jump_wall(-1h);
  t.feed({"a", 2});
  t.clock().jump_wall(2h);
  t.feed({"a", 3});
  CHECK(t.emitted().empty());
  t.advance(10s);
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {1, 2, 3}}});
}

}  // namespace
