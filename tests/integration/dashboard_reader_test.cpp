#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "connectors/log/log_table_source.hpp"
#include "services/dashboard/fleet_reader.hpp"
#include "support/memory_series.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::dashboard;
using namespace std::chrono_literals;
using coldchain::DeviceId;
using coldchain::GatewayId;

namespace {

constexpr std::int64_t kT0 = 1'466'380'800'000;

Record reading(std::uint64_t device, double temperature) {
  Record record;
  record.key = std::to_string(device);
  coldchain::write_reading({.device_id = DeviceId{device},
                            .gateway_id = GatewayId{7},
                            .temperature = temperature,
                            .time = from_millis(kT0),
                            .received = from_millis(kT0),
                            .battery = 75},
                           record.value);
  return record;
}

Record alert(std::uint64_t device) {
  Record record;
  record.key = std::to_string(device);
  coldchain::write_alert({.device_id = DeviceId{device},
                          .kind = coldchain::AlertKind::kTooCold,
                          .value = 1,
                          .limit = 2,
                          .time = from_millis(kT0)},
                         record.value);
  return record;
}

Record registered(std::uint64_t device) {
  return *coldchain::registry_record(
      coldchain::DeviceEntry{DeviceId{device}, "$2b$10$x", coldchain::State::kActive, {}});
}

/// What goes on in the reader's thread is waited for, not timed.
bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 3'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

struct World {
  World() {
    fixture.open();
    log::TopicOptions compacted;
    compacted.cleanup = log::Cleanup::kCompact;
    REQUIRE(fixture.log->create_topic("registry", compacted).is_ok());
  }
  std::unique_ptr<FleetReader> read(Fleet& fleet) {
    log::TopicLog& log = *fixture.log;
    const auto newest = [&log](const char* topic) {
      return std::make_unique<log::LogTableSource>(log, topic, FleetReader::kLookBack);
    };
    return std::make_unique<FleetReader>(
        fleet,
        FleetSources{std::make_unique<log::LogTableSource>(log, "registry"), newest("readings"),
                     newest("alerts"), series},
        nullptr);
  }
  log::testing::LogFixture fixture;
  std::shared_ptr<test::MemorySeries> series = std::make_shared<test::MemorySeries>();
};

std::size_t with_reading(const Fleet& fleet) {
  return fleet.devices_since(0).devices.size() - fleet.without_reading().size();
}

}  // namespace

TEST_CASE("A fleet follows the topics, those made later too, and steps over what is no reading") {
  World world;
  log::testing::append(*world.fixture.log, "registry", {registered(1), registered(2)});
  Fleet fleet;
  const auto reader = world.read(fleet);
  REQUIRE(comes_true([&] { return fleet.devices_since(0).devices.size() == 2; }));

  log::testing::append(*world.fixture.log, "readings",
                       {log::testing::keyed("1", "no reading"), reading(1, 4.5)});
  log::testing::append(*world.fixture.log, "alerts", {alert(2)});
  CHECK(comes_true([&] { return with_reading(fleet) == 1; }));
  CHECK(comes_true([&] { return fleet.alerts(DeviceId{2}, 9).size() == 1; }));

  log::testing::append(*world.fixture.log, "registry",
                       {coldchain::registry_tombstone(DeviceId{2})});
  CHECK(comes_true([&] { return fleet.devices_since(0).devices.size() == 1; }));
}

TEST_CASE("A new run knows the readings of the one before, and leaves no group behind") {
  World world;
  log::testing::append(*world.fixture.log, "readings", {reading(1, 4.5), reading(2, 5.5)});
  for (int run = 0; run < 2; ++run) {
    Fleet fleet;
    const auto reader = world.read(fleet);
    CHECK(comes_true([&] { return with_reading(fleet) == 2; }));
  }
  CHECK(world.fixture.log->stats().groups.empty());
}

TEST_CASE("A device that is not in the topic any more is known from its curve") {
  World world;
  const std::vector<coldchain::SeriesPoint> points{
      {DeviceId{1}, GatewayId{7}, from_millis(kT0), 4.5, coldchain::Series::kTemperature},
      {DeviceId{1}, GatewayId{7}, from_millis(kT0), 66, coldchain::Series::kBattery}};
  REQUIRE(world.series->write(points).is_ok());
  log::testing::append(*world.fixture.log, "registry", {registered(1), registered(2)});
  Fleet fleet;
  const auto reader = world.read(fleet);
  CHECK(comes_true([&] { return with_reading(fleet) == 1; }));
}
