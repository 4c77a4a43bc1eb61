#include <chrono>

#include <catch2/catch.hpp>

#include "bora/watermark.hpp"

namespace {

using bora::Instant;
using bora::WallTime;
using bora::Watermark;
using namespace std::chrono_literals;

constexpr Instant kStart{1h};
constexpr WallTime kEpoch{1'000'000s};

TEST_CASE("watermark: unknown before the first input, then the newest time less the disorder") {
  Watermark w{{.max_out_of_order = 2s}};
  CHECK(w.current() == Watermark::kUnknown);
  CHECK_FALSE(w.next_change(kEpoch, kStart));
  CHECK(w.observe(0, kEpoch, kStart, kEpoch));
  CHECK(w.current() == kEpoch - 2s);
  CHECK(w.observe(0, kEpoch - 1s, kStart, kEpoch));
  CHECK(w.current() == kEpoch - 2s);
}

TEST_CASE("watermark: it follows the slowest of the active partitions and never goes back") {
  Watermark w{{.idle_after = 10s, .max_ahead = 1h, .partitions = 2}};
  (void)w.observe(0, kEpoch + 30s, kStart, kEpoch);
  CHECK(w.current() == Watermark::kUnknown);  // partition 1 may hold anything
  (void)w.observe(1, kEpoch + 10s, kStart, kEpoch);
  CHECK(w.current() == kEpoch + 10s);
  (void)w.observe(1, kEpoch + 40s, kStart, kEpoch);
  CHECK(w.current() == kEpoch + 30s);
  (void)w.observe(2, kEpoch + 5s, kStart, kEpoch);  // one that nobody expected
  CHECK(w.current() == kEpoch + 30s);
}

TEST_CASE("watermark: next_change names the moment at which the next partition becomes idle") {
  Watermark w{{.idle_after = 10s, .max_ahead = 1h, .partitions = 2}};
  (void)w.observe(0, kEpoch, kStart, kEpoch);
  (void)w.observe(1, kEpoch + 50s, kStart + 4s, kEpoch);
  const auto next = w.next_change(kEpoch + 20s, kStart + 4s);
  REQUIRE(next);
  CHECK(*next == kStart + 10s);
  w.advance(*next - 1ns);
  CHECK(w.current() == kEpoch);
  w.advance(*next);
  CHECK(w.current() == kEpoch + 50s);
}

TEST_CASE("watermark: when all are idle, next_change is when the clock's pace reaches the target") {
  Watermark w{{.max_out_of_order = 1s, .idle_after = 10s}};
  (void)w.observe(0, kEpoch, kStart, kEpoch);
  w.advance(kStart + 10s);
  CHECK(w.current() == kEpoch + 9s);
  CHECK(w.next_change(kEpoch + 30s, kStart + 10s) == kStart + 31s);
  w.advance(kStart + 31s);
  CHECK(w.current() == kEpoch + 30s);
}

TEST_CASE("watermark: silence counts, whether or not it was looked at while it lasted") {
  Watermark w{{.idle_after = 10s}};
  (void)w.observe(0, kEpoch, kStart, kEpoch);
  (void)w.observe(0, kEpoch - 5s, kStart + 60s, kEpoch + 60s);
  CHECK(w.current() == kEpoch + 60s);
}

TEST_CASE("watermark: a time too far ahead, or absurdly old, is not believed and changes nothing") {
  Watermark w{{.max_ahead = 5s}};
  CHECK_FALSE(w.observe(0, kEpoch + 5001ms, kStart, kEpoch));
  CHECK_FALSE(w.observe(0, WallTime::min(), kStart, kEpoch));
  CHECK_FALSE(w.observe(0, WallTime::max(), kStart, kEpoch));
  CHECK(w.current() == Watermark::kUnknown);
  CHECK(w.observe(0, kEpoch + 5s, kStart, kEpoch));
  CHECK(w.current() == kEpoch + 5s);
}

}  // namespace
