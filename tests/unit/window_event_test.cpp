#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

namespace {

using bora::testing::BoltTester;
using bora::testing::by_event;
using bora::testing::ManualClock;
using bora::testing::Sample;
using bora::testing::ShowingByEvent;
using bora::testing::Shown;
using namespace std::chrono_literals;

constexpr std::int64_t kFirst = ManualClock::kWallStart.time_since_epoch() / 10s;

/// A sample of key "a", that many seconds after the tester's clock began.
Sample at(int seconds, std::uint32_t partition = 0) {
  return {"a", seconds, ManualClock::kWallStart + std::chrono::seconds{seconds}, partition};
}
std::vector<int> late_values(BoltTester<ShowingByEvent>& t) {
  std::vector<int> values;
  for (const Sample& sample : t.emitted(&ShowingByEvent::late))
    values.push_back(sample.value);
  return values;
}

TEST_CASE("event windows: one is shown when the watermark passes its end, ordered by time") {
  BoltTester t{by_event({.size = 10s, .watermark = {.max_out_of_order = 2s}}),
               &ShowingByEvent::late};
  const auto fed = t.feed_all({at(5), at(3), at(9), at(11), at(8)});
  CHECK(t.emitted().empty());
  t.feed(at(12));
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {3, 5, 8, 9}}});
  CHECK(fed[0].acked());
  CHECK(fed[3].pending());
  CHECK(t.bolt().watermark() == ManualClock::kWallStart + 10s);
  CHECK(late_values(t).empty());
}

TEST_CASE("event windows: a late input goes to the late stream and is done when its reader is") {
  BoltTester t{by_event({.size = 10s}), &ShowingByEvent::late};
  t.feed_all({at(5), at(10)});
  t.hold_emitted();
  const auto late = t.feed(at(9));
  CHECK(late_values(t) == std::vector{9});
  CHECK(late.pending());
  t.ack_emitted();
  CHECK(late.acked());
  CHECK(t.bolt().counts().late == 1);
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {5}}});
}

TEST_CASE("event windows: an input that is late for one sliding window is in those still open") {
  BoltTester t{by_event({.size = 10s, .slide = 5s}), &ShowingByEvent::late};
  t.feed_all({at(11), at(8), at(20)});  // 8 is late for [0, 10), not for [5, 15)
  CHECK(t.emitted() ==
        std::vector<Shown>{{"a", 2 * kFirst + 1, {8, 11}}, {"a", 2 * kFirst + 2, {11}}});
  CHECK(late_values(t).empty());
}

TEST_CASE("event windows: an input too far ahead of the clock is not believed, and moves nothing") {
  BoltTester t{by_event({.size = 10s, .watermark = {.max_ahead = 30s}}), &ShowingByEvent::late};
  t.feed_all({at(5), at(3600), at(6)});
  CHECK(t.emitted().empty());
  CHECK(late_values(t) == std::vector{3600});
  CHECK(t.bolt().counts().disbelieved == 1);
  Sample ancient = at(7);
  ancient.time = bora::WallTime::min();
  CHECK(t.feed(ancient).acked());
  CHECK(t.bolt().counts().disbelieved == 2);
}

TEST_CASE("event windows: time that on_window takes has passed for the inputs that come with it") {
  BoltTester t{by_event({.size = 10s, .watermark = {.max_ahead = 30s}}), &ShowingByEvent::late};
  t.bolt().on_show = [&](const auto&) { t.clock().advance(1h); };
  t.feed_all({at(5), at(10), at(3600)});
  CHECK(t.bolt().counts().disbelieved == 0);
}

TEST_CASE("event windows: the slowest partition holds the watermark back, until it is idle") {
  BoltTester t{by_event({.size = 10s,
                         .partition = &Sample::partition,
                         .watermark = {.idle_after = 5s, .max_ahead = 1h, .partitions = 2}}),
               &ShowingByEvent::late};
  t.feed_all({at(4, 0), at(25, 0), at(6, 1)});
  CHECK(t.emitted().empty());
  t.advance(3s);
  t.feed(at(26, 0));
  t.advance(1999ms);
  CHECK(t.emitted().empty());
  t.advance(1ms);  // partition 1 was seen 5 s ago, partition 0 only 2
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {4, 6}}});
  t.feed(at(7, 1));
  CHECK(late_values(t) == std::vector{7});
}

TEST_CASE("event windows: nothing closes before every expected partition was seen, or idle_after") {
  const auto options = bora::testing::EventOptions{
      .size = 10s,
      .partition = &Sample::partition,
      .watermark = {.idle_after = 5s, .max_ahead = 1h, .partitions = 2}};
  SECTION("the other partition comes, with older inputs") {
    BoltTester t{by_event(options), &ShowingByEvent::late};
    t.feed_all({at(25, 0), at(5, 1), at(12, 1)});
    CHECK(late_values(t).empty());
    CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {5}}});
  }
  SECTION("it does not come") {
    BoltTester t{by_event(options), &ShowingByEvent::late};
    t.feed_all({at(5, 0), at(12, 0)});
    t.advance(4s);
    t.feed(at(13, 0));
    CHECK(t.emitted().empty());
    t.advance(1s);
    CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {5}}});
  }
}

TEST_CASE("event windows: when the source falls silent, event time goes on at the clock's pace") {
  BoltTester t{by_event({.size = 10s, .watermark = {.max_out_of_order = 1s, .idle_after = 3s}}),
               &ShowingByEvent::late};
  const auto a = t.feed(at(4));
  t.advance(6999ms);  // 4 s + 7 s - 1 s reach the window's end
  CHECK(a.pending());
  t.advance(1ms);
  CHECK(a.acked());
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {4}}});

  // Silence shorter than idle_after closes nothing, though the clock is past the window's end.
  t.feed(at(19));
  t.advance(2900ms);
  CHECK(t.emitted().size() == 1);
  t.advance(100ms);
  CHECK(t.emitted().size() == 2);
}

TEST_CASE(
    "event windows: an input that no window takes moves event time, and so the next closing") {
  // Windows of 5 s with gaps of 5 s between them.
  BoltTester t{
      by_event({.size = 5s, .slide = 10s, .watermark = {.max_out_of_order = 3s, .idle_after = 1s}}),
      &ShowingByEvent::late};
  const auto held = t.feed(at(-9));
  t.advance(2s);                  // as it stands, the window's end is reached 5 s from now
  CHECK(t.feed(at(-4)).acked());  // in a gap; event time is at -7 s
  t.advance(1999ms);
  CHECK(held.pending());
  t.advance(1ms);
  CHECK(held.acked());
}

}  // namespace
