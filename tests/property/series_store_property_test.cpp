// The embedded series store against a map, under any sequence of writes, restarts and compactions.

#include <memory>
#include <rapidcheck.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "support/memory_series.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/datapoints/rocks_series.hpp"

using namespace bora;
using bora::datapoints::RocksSeries;
using coldchain::DeviceId;
using coldchain::GatewayId;
using coldchain::Series;
using coldchain::SeriesPoint;

namespace {

Series any_series() { return *rc::gen::element(Series::kTemperature, Series::kBattery); }
/// Few of everything, so that points meet.
WallTime any_time() { return from_millis(*rc::gen::inRange<std::int64_t>(-5, 20)); }
DeviceId any_device() { return DeviceId{*rc::gen::inRange<std::uint64_t>(0, 4)}; }

SeriesPoint any_point() {
  return {.device_id = any_device(),
          .gateway_id = GatewayId{*rc::gen::inRange<std::uint64_t>(0, 2)},
          .time = any_time(),
          .value = static_cast<double>(*rc::gen::inRange(-1, 102)),
          .series = any_series()};
}

coldchain::TimeRange any_range() {
  const WallTime from = any_time();
  return {from, from + std::chrono::milliseconds{*rc::gen::inRange(0, 25)}};
}

std::vector<SeriesPoint> scanned(const coldchain::SeriesScanner& store,
                                 const coldchain::SeriesScan& scan) {
  std::vector<SeriesPoint> all;
  RC_ASSERT(store
                .scan(scan,
                      [&](const SeriesPoint& point) {
                        all.push_back(point);
                        return true;
                      })
                .is_ok());
  return all;
}

void answers_the_same(RocksSeries& store, test::MemorySeries& model) {
  coldchain::PointQuery points{.device_id = any_device(),
                               .series = any_series(),
                               .range = any_range(),
                               .limit = *rc::gen::inRange<std::size_t>(1, 20)};
  points.order =
      *rc::gen::element(coldchain::TimeOrder::kOldestFirst, coldchain::TimeOrder::kNewestFirst);
  const auto found = store.points(points);
  RC_ASSERT(found.is_ok());
  RC_ASSERT(*found == *model.points(points));

  const coldchain::IntervalQuery intervals{
      .device_id = points.device_id,
      .series = points.series,
      .range = any_range(),
      .length = std::chrono::milliseconds{*rc::gen::inRange(1, 12)},
      .limit = *rc::gen::inRange<std::size_t>(1, 20)};
  const auto buckets = store.intervals(intervals);
  const auto expected = model.intervals(intervals);
  RC_ASSERT(buckets.is_ok());
  RC_ASSERT(buckets->size() == expected->size());
  for (std::size_t i = 0; i < buckets->size(); ++i) {
    const auto& [a, b] = std::pair{(*buckets)[i], (*expected)[i]};
    RC_ASSERT(a.from == b.from);
    RC_ASSERT(a.count == b.count);
    RC_ASSERT(a.min == b.min);
    RC_ASSERT(a.max == b.max);
    RC_ASSERT(a.sum == b.sum);
    RC_ASSERT(a.first == b.first);
    RC_ASSERT(a.last == b.last);
  }

  coldchain::SeriesScan scan{.series = any_series(), .range = any_range()};
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    scan.devices.push_back(any_device());
  RC_ASSERT(scanned(store, scan) == scanned(model, scan));
}

}  // namespace

TEST_CASE("the embedded series store answers as a map does, whatever happens to it") {
  const bool holds = rc::check([] {
    bora::testing::TemporaryDirectory directory;
    const bora::testing::ManualClock clock;
    const datapoints::RocksSeriesOptions options{
        .path = directory.path() / "series",
        .durability = datapoints::RocksSeriesOptions::Durability::kBuffered};
    test::MemorySeries model;
    auto store = std::move(RocksSeries::open(options, clock)).value();
    const int steps = *rc::gen::inRange(1, 12);
    for (int step = 0; step < steps; ++step) {
      std::vector<SeriesPoint> batch;
      for (int i = *rc::gen::inRange(0, 12); i > 0; --i)
        batch.push_back(any_point());
      const auto written = store->write(batch);
      const auto expected = model.write(batch);
      RC_ASSERT(written.is_ok());
      RC_ASSERT(written->size() == expected->size());
      for (std::size_t i = 0; i < written->size(); ++i)
        RC_ASSERT((*written)[i].index == (*expected)[i].index);
      if (*rc::gen::inRange(0, 6) == 0) RC_ASSERT(store->compact().is_ok());
      if (*rc::gen::inRange(0, 6) == 0) {
        store.reset();
        store = std::move(RocksSeries::open(options, clock)).value();
      }
      answers_the_same(*store, model);
    }
  });
  CHECK(holds);
}
