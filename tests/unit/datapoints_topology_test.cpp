#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_series.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "support/series_suite.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/datapoints/bolts.hpp"
#include "topologies/datapoints/topology.hpp"

using namespace bora;
using namespace bora::datapoints;
using namespace std::chrono_literals;
using bora::test::battery;
using bora::test::MemorySeries;
using bora::test::temperature;
using bora::testing::BoltTester;
using coldchain::SeriesPoint;

namespace {

constexpr std::int64_t kMeasured = 1'466'380'800'123;

coldchain::Reading reading_of(std::uint64_t device, std::uint64_t n) {
  return {.device_id = coldchain::DeviceId{device},
          .gateway_id = coldchain::GatewayId{7},
          .temperature = 4.5,
          .time = from_millis(kMeasured + static_cast<std::int64_t>(n)),
          .received = from_millis(kMeasured + 60'000),
          .battery = 75};
}

Record record_of(const coldchain::Reading& reading) {
  Record record;
  record.key = coldchain::record_key(reading.device_id);
  coldchain::write_reading(reading, record.value);
  record.timestamp = reading.received;
  return record;
}

ConsumedRecord consumed(Record record) {
  return {{.partition = 0, .offset = 0, .epoch = 1},
          std::make_shared<const Record>(std::move(record))};
}

auto sink_into(const std::shared_ptr<MemorySeries>& store, std::size_t points) {
  BatchOptions<SeriesPoint> window;
  window.max_items = points;
  window.max_age = 3s;
  window.flush = BatchFlush::kByAge;
  return [store, window] { return SeriesSink{[store] { return store; }, window}; };
}

}  // namespace

TEST_CASE("a reading becomes a point of its temperature and one of its battery") {
  BoltTester t{[] { return SplitBolt{}; }, &SplitBolt::temperatures, &SplitBolt::batteries};
  CHECK(t.feed(consumed(record_of(reading_of(12, 3)))).acked());
  CHECK(t.emitted(&SplitBolt::temperatures) == std::vector{temperature(12, kMeasured + 3, 4.5)});
  CHECK(t.emitted(&SplitBolt::batteries) == std::vector{battery(12, kMeasured + 3, 75)});
}

TEST_CASE("what is no reading fails as permanent, with the reason first") {
  BoltTester t{[] { return SplitBolt{}; }, &SplitBolt::temperatures, &SplitBolt::batteries};
  Record broken = record_of(reading_of(12, 3));
  broken.value.pop_back();
  const auto malformed = t.feed(consumed(broken));
  REQUIRE(malformed.failed());
  CHECK(malformed.failure().kind == FailureKind::kPermanent);
  CHECK_THAT(malformed.failure().reason, Catch::StartsWith("malformed_json: "));

  coldchain::Reading early = reading_of(12, 3);
  early.received = early.time - 5min - 1ms;
  const auto skewed = t.feed(consumed(record_of(early)));
  REQUIRE(skewed.failed());
  CHECK_THAT(skewed.failure().reason, Catch::StartsWith("clock_skew: "));
  CHECK(t.emitted(&SplitBolt::temperatures).empty());
}

TEST_CASE("the points of a window are written at once when it ends, and acked only then") {
  const auto store = std::make_shared<MemorySeries>();
  BoltTester t{sink_into(store, 100)};
  const auto first = t.feed(temperature(1, 1, 4));
  t.advance(2s);
  const auto second = t.feed(temperature(2, 2, 5));
  CHECK(store->sizes().empty());
  t.advance(999ms);
  CHECK(first.pending());
  t.advance(1ms);
  CHECK(store->sizes() == std::vector<std::size_t>{2});
  CHECK(first.acked());
  CHECK(second.acked());
}

TEST_CASE("a window that is full ends early") {
  const auto store = std::make_shared<MemorySeries>();
  BoltTester t{sink_into(store, 3)};
  const auto fed = t.feed_all({temperature(1, 1, 4), temperature(2, 1, 4), temperature(3, 1, 4)});
  CHECK(store->sizes() == std::vector<std::size_t>{3});
  CHECK(fed[0].acked());
}

TEST_CASE("a store that is away makes every point of the window wait, and takes it later") {
  const auto store = std::make_shared<MemorySeries>();
  const auto kind = GENERATE(ErrorKind::kUnavailable, ErrorKind::kCorrupt, ErrorKind::kInvalid);
  store->when_written([kind] { return Status{kind, "the store is away"}; });
  BoltTester t{sink_into(store, 2)};
  for (const auto& one : t.feed_all({temperature(1, 1, 4), temperature(2, 1, 4)})) {
    REQUIRE(one.failed());
    CHECK(one.failure().kind == FailureKind::kUnavailable);
    CHECK(one.failure().reason == "the store is away");
  }
  CHECK(store->sizes().size() == 1);  // no halves: it is not a point's fault
  store->when_written(nullptr);
  CHECK(t.feed_all({temperature(1, 1, 4), temperature(2, 1, 4)})[1].acked());
}

TEST_CASE("points that the store refuses fail alone, as permanent, and nothing is written twice") {
  const auto store = std::make_shared<MemorySeries>();
  store->refuse([](const SeriesPoint& point) { return to_uint(point.device_id) % 3 == 0; });
  BoltTester t{sink_into(store, 8)};
  std::vector<SeriesPoint> window;
  for (std::uint64_t device = 1; device <= 8; ++device)
    window.push_back(temperature(device, 1, 4));
  const auto fed = t.feed_all(window);
  for (std::size_t i = 0; i < fed.size(); ++i) {
    if ((i + 1) % 3 != 0) {
      CHECK(fed[i].acked());
      continue;
    }
    REQUIRE(fed[i].failed());
    CHECK(fed[i].failure().kind == FailureKind::kPermanent);
    CHECK_THAT(fed[i].failure().reason, Catch::Contains("this test does not want it"));
  }
  CHECK(store->sizes() == std::vector<std::size_t>{8});
  CHECK(store->size() == 6);

  // A smaller window lies where the one before lay: it must not be taken for a part of that.
  const auto next = t.feed_all({temperature(21, 1, 4), temperature(22, 1, 4)});
  t.advance(3s);
  CHECK(store->sizes() == std::vector<std::size_t>{8, 2});
  CHECK(next[1].acked());
  CHECK(store->size() == 7);
}

TEST_CASE("the datapoints topology splits on the spout's thread and writes by device") {
  DatapointsOptions options;
  options.series_tasks = 2;
  const auto topology = make_topology(options, {});
  REQUIRE(topology.is_ok());
  std::string edges;
  for (const auto& [from, stream, to, grouping] : topology->edges())
    edges.append(from).append(" -").append(grouping).append("-> ").append(to).append("\n");
  CHECK(edges ==
        "readings -local-> split\n"
        "split -fields(device_id)-> temperature\n"
        "split -fields(device_id)-> battery\n");
  CHECK(topology->warnings().empty());
}

TEST_CASE("the datapoints topology stores two points of each reading and gives up what is none") {
  test::MemoryBroker broker;
  broker.create_topic("readings", 2);
  broker.create_topic("readings.dlq", 1);
  for (std::uint64_t n = 0; n < 20; ++n)
    broker.append("readings", record_of(reading_of(n % 5, n)));
  broker.append("readings", record_of(reading_of(0, 0)));  // published twice
  Record broken = record_of(reading_of(3, 99));
  broken.value = "not JSON";
  broker.append("readings", broken);

  bora::testing::ManualClock clock;
  const auto store = std::make_shared<MemorySeries>();
  DatapointsOptions options;
  // Fewer than the readings: windows must end early, or source and window wait for each other.
  options.max_in_flight = 8;
  auto topology = make_topology(
      options, {.connections = {
                    .source =
                        [&](std::uint32_t) {
                          return std::make_unique<test::MemorySource>(
                              broker, test::MemorySourceOptions{.topic = "readings"});
                        },
                    .dead_letters =
                        [&](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); }},
                .writer = [&] { return store; }});
  REQUIRE(topology.is_ok());
  auto running = bora::testing::SteppedTopology::open(std::move(*topology), clock);
  REQUIRE(running.is_ok());
  (*running)->run();
  (*running)->advance(5s);
  CHECK(store->size() == 40);
  CHECK(broker.records("readings.dlq").size() == 1);
  CHECK(broker.committed("group", "readings", 0) + broker.committed("group", "readings", 1) == 22);
}
