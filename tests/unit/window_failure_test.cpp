#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

namespace {

using bora::Count;
using bora::FailureKind;
using bora::testing::BoltTester;
using bora::testing::by_arrival;
using bora::testing::by_event;
using bora::testing::ManualClock;
using bora::testing::Sample;
using bora::testing::ShowingByEvent;
using bora::testing::Shown;
using namespace std::chrono_literals;

constexpr std::int64_t kFirst = ManualClock::kWallStart.time_since_epoch() / 10s;

TEST_CASE("windows: a throw in on_window fails every input of that window, and no other window") {
  BoltTester t{by_arrival({.size = Count{2}})};
  t.bolt().on_show = [](const auto& window) {
    if (window.inputs()[0].value == 0) throw std::runtime_error("no");
  };
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}});
  for (const std::size_t i : {0U, 1U}) {
    REQUIRE(fed[i].failed());
    CHECK(fed[i].failure().kind == FailureKind::kError);
    CHECK(fed[i].failure().reason == "no");
    CHECK(fed[i].failure().component == "bolt");
  }
  CHECK(fed[2].acked());
  CHECK(fed[3].acked());
  CHECK(t.bolt().counts().failed == 1);
  CHECK(t.bolt().counts().windows == 1);
}

TEST_CASE("windows: Permanent in on_window fails its inputs as permanent") {
  BoltTester t{by_arrival({.size = Count{1}})};
  t.bolt().on_show = [](const auto&) { throw bora::Permanent("never"); };
  const auto fed = t.feed({"a", 0});
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kPermanent);
}

TEST_CASE("windows: one that finds its sink unavailable is kept and shown again; the key waits") {
  BoltTester t{by_arrival({.size = Count{2}, .limits = {.retry_after = 1s}})};
  bool is_down = true;
  t.bolt().on_show = [&](const auto& window) {
    if (is_down && window.key() == "a") throw bora::Unavailable("down");
  };
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}, {"b", 4}, {"b", 5}});
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(fed[i].pending());
  CHECK(fed[5].acked());
  CHECK(t.bolt().counts().retries == 1);
  t.advance(1s);
  CHECK(t.bolt().counts().retries == 2);
  CHECK(t.errors().size() == 1);
  is_down = false;
  t.advance(1s);
  for (const auto& f : fed)
    CHECK(f.acked());
  // What was emitted before each throw is there, too.
  const Shown first{"a", 0, {0, 1}};
  CHECK(t.emitted() == std::vector<Shown>{first, {"b", 0, {4, 5}}, first, first, {"a", 1, {2, 3}}});
}

TEST_CASE("windows: over time, a kept window is shown again, and others close meanwhile") {
  BoltTester t{by_arrival({.size = 10s, .limits = {.retry_after = 4s}})};
  bool is_down = true;
  t.bolt().on_show = [&](const auto& window) {
    if (is_down && window.key() == "a") throw bora::Unavailable("down");
  };
  const auto a = t.feed({"a", 1});
  const auto b = t.feed({"b", 2});
  t.advance(10s);
  CHECK(a.pending());
  CHECK(b.acked());
  const auto later = t.feed({"a", 3});
  is_down = false;
  t.advance(4s);
  CHECK(a.acked());
  CHECK(later.pending());
  t.advance(6s);
  CHECK(later.acked());
}

TEST_CASE("event windows: a kept window's key does not lose its later inputs") {
  BoltTester t{by_event({.size = 10s, .limits = {.retry_after = 1s}}), &ShowingByEvent::late};
  bool is_down = true;
  t.bolt().on_show = [&](const auto&) {
    if (is_down) throw bora::Unavailable("down");
  };
  const auto sample = [](int s) {
    return Sample{"a", s, ManualClock::kWallStart + std::chrono::seconds{s}};
  };
  const auto fed = t.feed_all({sample(1), sample(12), sample(25)});
  CHECK(fed[1].pending());
  is_down = false;
  t.advance(1s);
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
  CHECK(fed[2].pending());
  CHECK(t.emitted().back() == Shown{"a", kFirst + 1, {12}});
}

TEST_CASE("event windows: after a retry, later windows of the key close by silence as before") {
  BoltTester t{by_event({.size = 10s,
                         .watermark = {.idle_after = 5s, .max_ahead = 1min},
                         .limits = {.retry_after = 1min}}),
               &ShowingByEvent::late};
  bool is_down = true;
  t.bolt().on_show = [&](const auto&) {
    if (is_down) throw bora::Unavailable("down");
  };
  const auto sample = [](int s) {
    return Sample{"a", s, ManualClock::kWallStart + std::chrono::seconds{s}};
  };
  const auto kept = t.feed(sample(1));
  const auto later = t.feed(sample(52));  // 8 s of silence end its window
  is_down = false;
  t.advance(1min);
  CHECK(kept.acked());
  CHECK(later.acked());
}

TEST_CASE("windows: a drain gives open windows' inputs back as abandoned") {
  BoltTester t{by_arrival({.size = Count{3}})};
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"b", 2}});
  t.drain();
  for (const auto& f : fed) {
    REQUIRE(f.failed());
    CHECK(f.failure().kind == FailureKind::kAbandoned);
  }
  CHECK(t.bolt().counts().held == 0);
  CHECK(t.errors().empty());
}

TEST_CASE(
    "windows: beyond max_inputs and max_keys an input fails as unavailable, and comes again") {
  BoltTester t{by_arrival({.size = Count{2}, .limits = {.max_inputs = 3, .max_keys = 2}})};
  CHECK(t.feed({"a", 0}).pending());
  CHECK(t.feed({"b", 1}).pending());
  const auto key_too_many = t.feed({"c", 2});
  REQUIRE(key_too_many.failed());
  CHECK(key_too_many.failure().kind == FailureKind::kUnavailable);
  CHECK_THAT(key_too_many.failure().reason, Catch::Contains("max_keys"));
  CHECK(t.feed({"a", 3}).acked());  // closes a's window: there is room again
  CHECK(t.feed({"c", 2}).pending());
}

TEST_CASE("windows: the input beyond max_inputs says so") {
  BoltTester t{by_arrival({.size = Count{5}, .limits = {.max_inputs = 2}})};
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}});
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kUnavailable);
  CHECK_THAT(fed[2].failure().reason, Catch::Contains("max_inputs"));
}

TEST_CASE("windows: a window that waits for more than may be in flight is reported, once") {
  BoltTester t{
      {.max_in_flight = 4},
      by_arrival({.size = Count{5}, .limits = {.starved_after = 10s, .starved_inputs = 4}})};
  t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}, {"a", 4}});
  CHECK(t.emitted().empty());
  t.advance(1h);
  REQUIRE(t.errors().size() == 1);
  CHECK_THAT(t.errors()[0], Catch::Contains("max_in_flight"));
}

TEST_CASE("windows: held inputs may take longer than the message timeout") {
  bora::testing::BoltTesterOptions options;
  options.engine.message_timeout = 5s;
  BoltTester t{options, by_arrival({.size = 100s})};
  const auto fed = t.feed({"a", 0});
  t.advance(99s);
  CHECK(fed.pending());
  t.advance(1s);
  CHECK(fed.acked());
}

}  // namespace
