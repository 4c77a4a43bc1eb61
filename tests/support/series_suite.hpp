#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "topologies/coldchain/series_store.hpp"

namespace bora::test {

/// A store under test, and how long after a write it may take to show it.
struct SeriesUnderTest {
  std::unique_ptr<coldchain::SeriesStore> store;
  /// Asks again until `is_so` or a while has passed. A store that answers at once asks once.
  std::function<bool(const std::function<bool()>& is_so)> eventually =
      [](const std::function<bool()>& is_so) { return is_so(); };
  /// Devices from here on are nobody else's: stores outside keep what earlier runs wrote.
  std::uint64_t first_device = 1;
};

inline coldchain::SeriesPoint temperature(std::uint64_t device, std::int64_t ms, double value,
                                          std::uint64_t gateway = 7) {
  return {.device_id = coldchain::DeviceId{device},
          .gateway_id = coldchain::GatewayId{gateway},
          .time = from_millis(ms),
          .value = value,
          .series = coldchain::Series::kTemperature};
}
inline coldchain::SeriesPoint battery(std::uint64_t device, std::int64_t ms, double value,
                                      std::uint64_t gateway = 7) {
  coldchain::SeriesPoint point = temperature(device, ms, value, gateway);
  point.series = coldchain::Series::kBattery;
  return point;
}

/// What every series store promises: one test case's body.
inline void check_series_store(const std::function<SeriesUnderTest()>& make) {
  using namespace std::chrono_literals;
  using coldchain::DeviceId;
  using coldchain::Series;
  constexpr std::int64_t kT = 1'466'380'800'123;
  constexpr std::int64_t kHour = 3'600'000;

  SeriesUnderTest under_test = make();
  coldchain::SeriesStore& store = *under_test.store;
  const std::uint64_t a = under_test.first_device;
  const std::uint64_t b = a + 1;

  const auto write = [&](std::vector<coldchain::SeriesPoint> points) {
    const auto written = store.write(points);
    REQUIRE(written.is_ok());
    CHECK(written->empty());
  };
  const auto shows = [&](coldchain::PointQuery query,
                         const std::vector<coldchain::SeriesPoint>& expected) {
    std::vector<coldchain::SeriesPoint> found;
    const bool is_so = under_test.eventually([&] {
      auto answer = store.points(query);
      if (!answer) FAIL(answer.error().message);
      found = *std::move(answer);
      return found == expected;
    });
    for (const auto& point : found)
      UNSCOPED_INFO(to_uint(point.device_id) << " " << to_millis(point.time) << " " << point.value);
    return is_so;
  };
  const coldchain::TimeRange all{from_millis(kT - kHour), from_millis(kT + 1000 * kHour)};
  const auto of = [&](std::uint64_t device, Series series) {
    return coldchain::PointQuery{.device_id = DeviceId{device}, .series = series, .range = all};
  };

  SECTION("what was written is shown by device and series, ordered by time") {
    write({temperature(a, kT + 2000, -18.25), battery(a, kT, 75), temperature(b, kT, 21.0),
           temperature(a, kT, 4.5)});
    CHECK(shows(of(a, Series::kTemperature),
                {temperature(a, kT, 4.5), temperature(a, kT + 2000, -18.25)}));
    CHECK(shows(of(a, Series::kBattery), {battery(a, kT, 75)}));
    CHECK(shows(of(b, Series::kTemperature), {temperature(b, kT, 21.0)}));
    CHECK(shows(of(b + 1, Series::kTemperature), {}));
  }
  SECTION("values come back as they were: whole ones, tiny ones, negative ones") {
    const std::vector<coldchain::SeriesPoint> points{
        temperature(a, kT, 0), temperature(a, kT + 1, 21), temperature(a, kT + 2, 0.00001),
        temperature(a, kT + 3, -40.125), temperature(a, kT + 4, 1.0 / 3)};
    write(points);
    CHECK(shows(of(a, Series::kTemperature), points));
    write({battery(a, kT, 0), battery(a, kT + 1, 100)});
    CHECK(shows(of(a, Series::kBattery), {battery(a, kT, 0), battery(a, kT + 1, 100)}));
  }
  SECTION("the same point written twice is one point, and its last value counts") {
    write({temperature(a, kT, 4.5), temperature(a, kT, 4.5)});
    write({temperature(a, kT, 4.5)});
    CHECK(shows(of(a, Series::kTemperature), {temperature(a, kT, 4.5)}));
    write({temperature(a, kT, 5.5)});
    CHECK(shows(of(a, Series::kTemperature), {temperature(a, kT, 5.5)}));
  }
  SECTION("a device heard by two gateways at once has a point of each") {
    write({temperature(a, kT, 4.5, 7), temperature(a, kT, 4.75, 8)});
    CHECK(shows(of(a, Series::kTemperature),
                {temperature(a, kT, 4.5, 7), temperature(a, kT, 4.75, 8)}));
  }
  SECTION("both ends belong to the range, and limit and order choose what is shown of it") {
    for (int i = 0; i < 10; ++i)
      write({temperature(a, kT + i * 1000, i)});
    coldchain::PointQuery query = of(a, Series::kTemperature);
    query.range = {from_millis(kT + 2000), from_millis(kT + 5000)};
    CHECK(shows(query, {temperature(a, kT + 2000, 2), temperature(a, kT + 3000, 3),
                        temperature(a, kT + 4000, 4), temperature(a, kT + 5000, 5)}));
    query.limit = 2;
    CHECK(shows(query, {temperature(a, kT + 2000, 2), temperature(a, kT + 3000, 3)}));
    query.order = coldchain::TimeOrder::kNewestFirst;
    CHECK(shows(query, {temperature(a, kT + 5000, 5), temperature(a, kT + 4000, 4)}));
  }
  SECTION("intervals begin at the range's begin, and hold what their points amount to") {
    write({temperature(a, kT, 4), temperature(a, kT + 10, 8), temperature(a, kT + kHour - 1, 3),
           temperature(a, kT + kHour, 9), temperature(a, kT + 5 * kHour, -1)});
    CHECK(
        shows(of(a, Series::kTemperature),
              {temperature(a, kT, 4), temperature(a, kT + 10, 8), temperature(a, kT + kHour - 1, 3),
               temperature(a, kT + kHour, 9), temperature(a, kT + 5 * kHour, -1)}));
    coldchain::IntervalQuery query{.device_id = DeviceId{a},
                                   .range = {from_millis(kT), from_millis(kT + 6 * kHour)},
                                   .length = 1h};
    auto found = store.intervals(query);
    REQUIRE(found.is_ok());
    REQUIRE(found->size() == 3);
    CHECK((*found)[0].from == from_millis(kT));
    CHECK((*found)[0].count == 3);
    CHECK((*found)[0].min == 3);
    CHECK((*found)[0].max == 8);
    CHECK((*found)[0].average() == Approx(5));
    CHECK((*found)[0].first == 4);
    CHECK((*found)[0].last == 3);
    CHECK((*found)[1].from == from_millis(kT + kHour));
    CHECK((*found)[1].count == 1);
    CHECK((*found)[2].from == from_millis(kT + 5 * kHour));
    CHECK((*found)[2].last == -1);
    query.limit = 2;
    found = store.intervals(query);
    REQUIRE(found.is_ok());
    CHECK(found->size() == 2);
  }
  SECTION("a bad point is refused by name, and its neighbours are written") {
    const std::vector<coldchain::SeriesPoint> points{
        battery(a, kT, 50), battery(a, kT + 1, 50.5),
        temperature(a, kT, std::numeric_limits<double>::infinity()), battery(a, kT + 2, 51)};
    const auto written = store.write(points);
    REQUIRE(written.is_ok());
    REQUIRE(written->size() == 2);
    CHECK((*written)[0].index == 1);
    CHECK((*written)[1].index == 2);
    CHECK_FALSE((*written)[0].reason.empty());
    CHECK(shows(of(a, Series::kBattery), {battery(a, kT, 50), battery(a, kT + 2, 51)}));
  }
  SECTION("a query that makes no sense is refused") {
    coldchain::PointQuery reversed = of(a, Series::kTemperature);
    std::swap(reversed.range.from, reversed.range.to);
    REQUIRE_FALSE(store.points(reversed));
    CHECK(store.points(reversed).error().kind == ErrorKind::kInvalid);
    coldchain::IntervalQuery endless{.device_id = DeviceId{a}, .range = all, .length = 0ms};
    REQUIRE_FALSE(store.intervals(endless));
    CHECK(store.intervals(endless).error().kind == ErrorKind::kInvalid);
  }
}

}  // namespace bora::test
