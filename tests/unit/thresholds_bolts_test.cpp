#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/memory_ledger.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry_view.hpp"
#include "topologies/thresholds/bolts.hpp"
#include "topologies/thresholds/claim_bolt.hpp"

using namespace bora;
using namespace bora::coldchain;
using namespace bora::thresholds;
using namespace std::chrono_literals;
using bora::testing::BoltTester;

namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr WallTime kNoon = WallTime{1'700'000'000s};

Reading reading(std::uint64_t device, double temperature, std::uint8_t battery = 80) {
  return {.device_id = DeviceId{device},
          .gateway_id = GatewayId{1},
          .temperature = temperature,
          .time = kNoon,
          .received = kNoon + 1s,
          .battery = battery};
}

ConsumedRecord record_of(const Reading& of) {
  Record record;
  write_reading(of, record.value);
  return {{0, 7, 1}, std::make_shared<const Record>(std::move(record))};
}

void put(RegistryView& view, std::uint64_t device, Config config) {
  view.apply(DeviceEntry{DeviceId{device}, "x", State::kActive, std::move(config)});
}

Limits limits(Config config, std::size_t expected_faults) {
  std::vector<std::string> faults;
  const Limits parsed = parse_limits(config, faults);
  CHECK(faults.size() == expected_faults);
  return parsed;
}

Candidate hot(std::uint64_t device, std::int64_t offset, WallTime time) {
  return {.alert = {.device_id = DeviceId{device},
                    .kind = AlertKind::kTooHot,
                    .value = 9,
                    .limit = 8,
                    .time = time},
          .position = {0, offset, 1}};
}

auto claim_bolt(test::MemoryLedger& ledger) {
  return [&ledger] {
    return ClaimBolt{[&ledger] { return std::make_unique<test::LedgerOnly>(ledger); }};
  };
}

}  // namespace

TEST_CASE("limits: text numbers, with what is missing an infinity") {
  CHECK(limits({}, 0) == Limits{});
  const Limits all = limits(
      {{"minTemperature", "-2.5"}, {"maxTemperature", " +8 "}, {"minBattery", "15"}, {"name", "x"}},
      0);
  CHECK(all == Limits{-2.5, 8, 15});
  CHECK(limits({{"maxTemperature", "8e0"}}, 0).max_temperature == 8);
  CHECK(limits({{"minTemperature", "4"}, {"maxTemperature", "4"}}, 0).min_temperature == 4);
}

TEST_CASE("limits: what is no number counts as not set, and says so") {
  for (const char* text :
       {"", " ", "warm", "8,5", "8 C", "1e999", "inf", "nan", "0x8", "+-8", "--8"}) {
    INFO(text);
    const Limits parsed = limits({{"maxTemperature", text}, {"minTemperature", "2"}}, 1);
    CHECK(parsed.max_temperature == kNone);
    CHECK(parsed.min_temperature == 2);
  }
}

TEST_CASE("limits: reversed temperatures count as not set, the battery's stays") {
  const Limits parsed =
      limits({{"minTemperature", "8"}, {"maxTemperature", "2"}, {"minBattery", "15"}}, 1);
  CHECK(parsed == Limits{-kNone, kNone, 15});
}

TEST_CASE("limits: a battery limit that is no percentage counts as not set") {
  CHECK(limits({{"minBattery", "101"}}, 1) == Limits{});
  CHECK(limits({{"minBattery", "-1"}}, 1) == Limits{});
  CHECK(limits({{"minBattery", "100"}}, 0).min_battery == 100);
}

TEST_CASE("thresholds parse: a reading goes on with its record's place, anything else is refused") {
  BoltTester t{[] { return ParseBolt{}; }};
  CHECK(t.feed(record_of(reading(5, 4.5))).acked());
  REQUIRE(t.emitted().size() == 1);
  CHECK(t.emitted()[0].reading == reading(5, 4.5));
  CHECK(t.emitted()[0].position == RecordPosition{0, 7, 1});
  const auto bad = t.feed({{}, std::make_shared<const Record>()});
  REQUIRE(bad.failed());
  CHECK(bad.failure().kind == FailureKind::kPermanent);
  Reading ahead = reading(5, 4.5);
  ahead.time = ahead.received + 6min;
  const auto skewed = t.feed(record_of(ahead));
  REQUIRE(skewed.failed());
  CHECK(skewed.failure().reason.substr(0, 10) == "clock_skew");
}

TEST_CASE("thresholds config: limits are attached, and a change counts from the next reading on") {
  RegistryView view;
  view.set_ready();
  put(view, 5, {{"maxTemperature", "8"}});
  BoltTester t{[&] { return ConfigBolt{[&]() -> const RegistryView& { return view; }}; }};
  const auto fed = [&](std::uint64_t device) { return t.feed({reading(device, 4.5), {}}); };
  CHECK(fed(5).acked());
  REQUIRE(t.emitted().size() == 1);
  CHECK(t.emitted()[0].limits == Limits{-kNone, 8, -kNone});
  put(view, 6, {});  // another device's change
  fed(5);
  CHECK(t.emitted()[1].limits.max_temperature == 8);
  put(view, 5, {{"maxTemperature", "9"}});
  fed(5);
  CHECK(t.emitted()[2].limits.max_temperature == 9);
  view.apply(DeviceId{5});
  CHECK(fed(5).acked());
  CHECK(t.emitted().size() == 3);  // not registered any more
  CHECK(fed(99).acked());          // never was
  CHECK(t.emitted().size() == 3);
}

TEST_CASE("thresholds config: a faulty limit is reported once for each version of the entry") {
  RegistryView view;
  view.set_ready();
  put(view, 5, {{"maxTemperature", "warm"}});
  BoltTester t{[&] { return ConfigBolt{[&]() -> const RegistryView& { return view; }}; }};
  for (int i = 0; i < 3; ++i) {
    put(view, 6, {});
    t.feed({reading(5, 4.5), {}});
  }
  CHECK(t.errors() ==
        std::vector<std::string>{
            "device 5: maxTemperature is 'warm', which is no number: it is taken as not set"});
  CHECK(t.emitted().back().limits == Limits{});
}

TEST_CASE("thresholds config: readings wait while the registry is being read for the first time") {
  RegistryView view;
  BoltTester t{[&] { return ConfigBolt{[&]() -> const RegistryView& { return view; }}; }};
  const auto fed = t.feed({reading(5, 4.5), {}});
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kUnavailable);
}

TEST_CASE("thresholds: beyond a limit is an alert, on it is none") {
  const Limits set{2, 8, 15};
  BoltTester temperature{[] { return TemperatureBolt{}; }};
  BoltTester battery{[] { return BatteryBolt{}; }};
  const auto kinds = [&](double degrees, std::uint8_t percent, const Limits& with) {
    const ConfiguredReading in{{reading(5, degrees, percent), {0, 7, 1}}, with};
    const std::size_t hot_before = temperature.emitted().size();
    const std::size_t low_before = battery.emitted().size();
    CHECK(temperature.feed(in).acked());
    CHECK(battery.feed(in).acked());
    std::vector<AlertKind> found;
    if (temperature.emitted().size() > hot_before)
      found.push_back(temperature.emitted().back().alert.kind);
    if (battery.emitted().size() > low_before) found.push_back(battery.emitted().back().alert.kind);
    return found;
  };
  using Kinds = std::vector<AlertKind>;
  CHECK(kinds(8, 15, set).empty());
  CHECK(kinds(2, 15, set).empty());
  CHECK(kinds(8.1, 15, set) == Kinds{AlertKind::kTooHot});
  CHECK(kinds(1.9, 15, set) == Kinds{AlertKind::kTooCold});
  CHECK(kinds(8.1, 14, set) == Kinds{AlertKind::kTooHot, AlertKind::kLowBattery});
  CHECK(kinds(1e300, 0, Limits{}).empty());
  CHECK(battery.emitted().back().alert == Alert{.device_id = DeviceId{5},
                                                .kind = AlertKind::kLowBattery,
                                                .value = 14,
                                                .limit = 15,
                                                .time = kNoon});
  CHECK(temperature.emitted().back().position == RecordPosition{0, 7, 1});
}

TEST_CASE(
    "thresholds info: what the registry says for people is added, nothing of who is unknown") {
  RegistryView view;
  put(view, 5, {{"name", "Milk"}, {"group", "Shop"}, {"owner", "Ana"}, {"phone", "+1"}});
  BoltTester t{[&] { return InfoBolt{[&]() -> const RegistryView& { return view; }}; }};
  t.feed(hot(5, 1, kNoon));
  t.feed(hot(6, 2, kNoon));
  CHECK(t.emitted()[0].alert.info == DeviceInfo{"Milk", "Shop", "Ana", "+1"});
  CHECK(t.emitted()[1].alert.info == DeviceInfo{});
}

TEST_CASE("thresholds claim: one alert of a device and kind passes within an hour of event time") {
  test::MemoryLedger ledger;
  BoltTester t{claim_bolt(ledger)};
  const auto fed = t.feed_all({hot(5, 1, kNoon), hot(5, 2, kNoon + 59min), hot(5, 3, kNoon + 1h),
                               hot(6, 4, kNoon + 1min), hot(5, 5, kNoon - 1h)});
  for (const auto& one : fed)
    CHECK(one.acked());
  std::vector<std::string> ids;
  for (const Alert& alert : t.emitted())
    ids.push_back(alert_id(alert));
  CHECK(ids == std::vector<std::string>{alert_id(DeviceId{5}, AlertKind::kTooHot, kNoon),
                                        alert_id(DeviceId{5}, AlertKind::kTooHot, kNoon + 1h),
                                        alert_id(DeviceId{6}, AlertKind::kTooHot, kNoon + 1min),
                                        alert_id(DeviceId{5}, AlertKind::kTooHot, kNoon - 1h)});
  CHECK(ledger.calls == 1);
}

TEST_CASE(
    "thresholds claim: a replay of its record passes again, the same reading in another does not") {
  test::MemoryLedger ledger;
  {
    BoltTester t{claim_bolt(ledger)};
    t.feed(hot(5, 1, kNoon));
    t.feed(hot(5, 1, kNoon));
    t.feed(hot(5, 2, kNoon));
    CHECK(t.emitted().size() == 2);
  }
  BoltTester restarted{claim_bolt(ledger)};
  restarted.feed(hot(5, 2, kNoon));
  CHECK(restarted.emitted().empty());
  Candidate replayed = hot(5, 1, kNoon);
  replayed.position.epoch = 9;
  restarted.feed(replayed);
  CHECK(restarted.emitted().size() == 1);
}

TEST_CASE(
    "thresholds claim: a device that stays too hot does not ask the ledger at every reading") {
  test::MemoryLedger ledger;
  BoltTester t{claim_bolt(ledger)};
  for (std::int64_t i = 0; i < 120; ++i)
    t.feed(hot(5, i, kNoon + std::chrono::minutes{i}));
  CHECK(t.emitted().size() == 2);
  CHECK(ledger.calls == 2);
}

TEST_CASE("thresholds claim: a ledger that is away, or damaged, makes readings wait") {
  for (const ErrorKind kind : {ErrorKind::kUnavailable, ErrorKind::kCorrupt}) {
    test::MemoryLedger ledger;
    ledger.before = [kind] { return Status{kind, "no ledger"}; };
    BoltTester t{claim_bolt(ledger)};
    const auto fed = t.feed(hot(5, 1, kNoon));
    REQUIRE(fed.failed());
    CHECK(fed.failure().kind == FailureKind::kUnavailable);
    CHECK(fed.failure().reason == "no ledger");
    ledger.before = [] { return Status{}; };
    CHECK(t.feed(hot(5, 1, kNoon)).acked());
    CHECK(t.emitted().size() == 1);
  }
}
