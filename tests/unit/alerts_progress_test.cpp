// Up to when a topology has done its input.

#include <chrono>
#include <set>

#include <catch2/catch.hpp>

#include "topologies/alerts/input_progress.hpp"

namespace bora::alerts {

using namespace std::chrono_literals;

namespace {

constexpr WallTime kNoon{1'700'000'000s};
constexpr Instant kStart{1h};

WallTime until(const InputProgress& progress) {
  const auto done = progress.done(kStart + 1h, 2min);
  return done ? done->until : WallTime::min();
}

}  // namespace

TEST_CASE("without a partition nothing is known of the input") {
  InputProgress progress;
  CHECK_FALSE(progress.done(kStart, 0s));
  progress.assigned(0, 5, kStart);
  CHECK(until(progress) == WallTime::min());
}

TEST_CASE("a partition with nothing to read is done up to the moment that was seen") {
  InputProgress progress;
  progress.assigned(0, 5, kStart);
  progress.read_all({0}, kNoon);
  CHECK(until(progress) == kNoon);
}

TEST_CASE("what was read counts once it is committed, and not before") {
  InputProgress progress;
  progress.assigned(0, 5, kStart);
  progress.read({.partition = 0, .offset = 5}, kNoon - 10min);
  progress.read({.partition = 0, .offset = 6}, kNoon - 5min);
  progress.read_all({0}, kNoon);
  CHECK(until(progress) == WallTime::min());
  progress.committed(0, 6);
  CHECK(until(progress) == kNoon - 10min);
  progress.committed(0, 7);
  CHECK(until(progress) == kNoon);
}

TEST_CASE("the partition that is furthest behind counts, until it leaves") {
  InputProgress progress;
  progress.assigned(0, 0, kStart);
  progress.assigned(1, 0, kStart);
  progress.read_all({0}, kNoon);
  CHECK(until(progress) == WallTime::min());
  progress.read({.partition = 1, .offset = 0}, kNoon - 1h);
  progress.committed(1, 1);
  CHECK(until(progress) == kNoon - 1h);
  progress.revoked(1);
  CHECK(until(progress) == kNoon);
  CHECK(progress.done(kStart + 1h, 2min)->partitions == std::set<std::uint32_t>{0});
}

TEST_CASE("after a disturbance nothing is known for a while, and nothing of before") {
  InputProgress progress;
  progress.assigned(0, 0, kStart);
  progress.read_all({0}, kNoon);
  CHECK_FALSE(progress.done(kStart + 2min - 1ns, 2min));
  CHECK(progress.done(kStart + 2min, 2min));
  progress.disturbed(kStart + 10min);
  CHECK_FALSE(progress.done(kStart + 30min, 2min));
  progress.read_all({0}, kNoon + 1h);
  CHECK(until(progress) == kNoon + 1h);
}

}  // namespace bora::alerts
