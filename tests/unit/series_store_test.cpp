#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "support/memory_series.hpp"
#include "support/series_suite.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/datapoints/rocks_series.hpp"

using namespace bora;
using namespace std::chrono_literals;
using bora::datapoints::RocksSeries;
using bora::datapoints::RocksSeriesOptions;
using bora::test::battery;
using bora::test::temperature;
using coldchain::DeviceId;
using coldchain::Series;
using coldchain::SeriesPoint;

namespace {

constexpr auto kBuffered = RocksSeriesOptions::Durability::kBuffered;

struct Fixture {
  testing::TemporaryDirectory directory;
  testing::ManualClock clock;
  std::unique_ptr<RocksSeries> store;

  explicit Fixture(std::chrono::hours retention = 0h) : retention_(retention) { open(); }
  void open() {
    store.reset();
    auto opened = RocksSeries::open(
        {.path = directory.path() / "series", .retention = retention_, .durability = kBuffered},
        clock);
    REQUIRE(opened.is_ok());
    store = std::move(opened).value();
  }
  void write(const std::vector<SeriesPoint>& points) {
    const auto written = store->write(points);
    REQUIRE(written.is_ok());
    REQUIRE(written->empty());
  }
  [[nodiscard]] std::vector<SeriesPoint> temperatures(std::uint64_t device) {
    auto found =
        store->points({.device_id = DeviceId{device}, .range = {WallTime::min(), WallTime::max()}});
    REQUIRE(found.is_ok());
    return *std::move(found);
  }

 private:
  std::chrono::hours retention_;
};

std::vector<SeriesPoint> scanned(const coldchain::SeriesScanner& store,
                                 const coldchain::SeriesScan& scan) {
  std::vector<SeriesPoint> all;
  const Status status = store.scan(scan, [&](const SeriesPoint& point) {
    all.push_back(point);
    return true;
  });
  REQUIRE(status.is_ok());
  return all;
}

}  // namespace

TEST_CASE("the embedded series store keeps the promises of every series store") {
  testing::TemporaryDirectory directory;
  const testing::ManualClock clock;
  test::check_series_store([&] {
    auto opened =
        RocksSeries::open({.path = directory.path() / "series", .durability = kBuffered}, clock);
    REQUIRE(opened.is_ok());
    return test::SeriesUnderTest{.store = std::move(opened).value()};
  });
}

TEST_CASE("the series store of tests keeps the promises of every series store") {
  test::check_series_store(
      [] { return test::SeriesUnderTest{.store = std::make_unique<test::MemorySeries>()}; });
}

TEST_CASE("a series store that is opened again holds what was written") {
  Fixture f;
  f.write({temperature(1, 1000, 4.5), battery(1, 1000, 80)});
  f.open();
  CHECK(f.temperatures(1) == std::vector{temperature(1, 1000, 4.5)});
}

TEST_CASE("the smallest and the largest times, devices and gateways are points like others") {
  Fixture f;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const std::vector<SeriesPoint> points{
      temperature(kMost, std::numeric_limits<std::int64_t>::min(), 1, 0),
      temperature(kMost, -1, 2, kMost), temperature(kMost, 0, 3, kMost),
      temperature(kMost, std::numeric_limits<std::int64_t>::max(), 4, kMost)};
  f.write(points);
  f.write({temperature(0, 0, 5, 0), battery(kMost, 0, 1)});
  CHECK(f.temperatures(kMost) == points);
  CHECK(scanned(*f.store, {.range = {WallTime::min(), WallTime::max()}}).size() == 5);
  const auto intervals = f.store->intervals({.device_id = DeviceId{kMost},
                                             .range = {WallTime::min(), WallTime::max()},
                                             .length = 24h * 365 * 1'000'000});
  REQUIRE(intervals.is_ok());
  std::uint64_t counted = 0;
  for (const auto& interval : *intervals)
    counted += interval.count;
  CHECK(counted == 4);
}

TEST_CASE("a scan walks over every device, or over those that are named, by device and time") {
  Fixture f;
  f.write({temperature(3, 10, 1), temperature(1, 20, 2), temperature(1, 10, 3), battery(2, 10, 4),
           temperature(2, 99, 5), temperature(1, 10, 6, 8)});
  const coldchain::TimeRange range{from_millis(10), from_millis(20)};
  CHECK(scanned(*f.store, {.range = range}) ==
        std::vector{temperature(1, 10, 3), temperature(1, 10, 6, 8), temperature(1, 20, 2),
                    temperature(3, 10, 1)});
  CHECK(scanned(*f.store, {.range = range, .devices = {DeviceId{3}, DeviceId{9}, DeviceId{3}}}) ==
        std::vector{temperature(3, 10, 1)});
  std::size_t shown = 0;
  const Status ended = f.store->scan({.range = range}, [&](const SeriesPoint&) {
    ++shown;
    return false;
  });
  CHECK(ended.is_ok());
  CHECK(shown == 1);
}

TEST_CASE("points that are too old are not shown, and leave the disk with the next compaction") {
  Fixture f{48h};
  const std::int64_t now = to_millis(f.clock.wall_now());
  f.write({temperature(1, now - 1000, 1), temperature(1, now - 47 * 3'600'000, 2)});
  CHECK(f.temperatures(1).size() == 2);
  f.clock.advance(2h);
  CHECK(f.temperatures(1) == std::vector{temperature(1, now - 1000, 1)});
  CHECK(scanned(*f.store, {.range = {WallTime::min(), WallTime::max()}}).size() == 1);
  REQUIRE(f.store->compact().is_ok());
  CHECK(f.store->stats()->points == 1);
}

TEST_CASE("a series store has one owner, and a directory of another kind is refused") {
  Fixture f;
  const auto second = RocksSeries::open({.path = f.directory.path() / "series"}, f.clock);
  REQUIRE_FALSE(second.is_ok());
  CHECK(second.error().kind == ErrorKind::kUnavailable);
}
