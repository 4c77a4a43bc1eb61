#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "services/dashboard/device_curve.hpp"
#include "services/dashboard/fleet.hpp"
#include "services/dashboard/fleet_json.hpp"
#include "support/memory_series.hpp"

using namespace bora;
using namespace bora::dashboard;
using namespace std::chrono_literals;
using coldchain::AlertKind;
using coldchain::DeviceId;
using coldchain::GatewayId;
using nlohmann::json;

namespace {

constexpr std::int64_t kT0 = 1'466'380'800'000;

coldchain::DeviceEntry entry(std::uint64_t id, coldchain::Config config = {},
                             coldchain::State state = coldchain::State::kActive) {
  return {DeviceId{id}, "hash", state, std::move(config)};
}

coldchain::Reading reading(std::uint64_t device, std::int64_t time, double temperature,
                           std::uint64_t gateway = 7) {
  return {.device_id = DeviceId{device},
          .gateway_id = GatewayId{gateway},
          .temperature = temperature,
          .time = from_millis(time),
          .received = from_millis(time + 50),
          .battery = 75};
}

coldchain::Alert alert(std::uint64_t device, std::int64_t time) {
  return {.device_id = DeviceId{device},
          .kind = AlertKind::kTooHot,
          .value = 9.5,
          .limit = 8,
          .time = from_millis(time),
          .info = {.name = "Milk", .phone = "+351 1"}};
}

json devices(const Fleet& fleet, const std::string& since = "") {
  return json::parse(devices_json(fleet, "r1", since, from_millis(kT0 + 1)));
}

/// Temperature and battery of one device, every `gap` from kT0 on.
void fill(test::MemorySeries& series, std::size_t count, std::chrono::milliseconds gap) {
  std::vector<coldchain::SeriesPoint> points;
  for (std::size_t i = 0; i < count; ++i) {
    const auto time = from_millis(kT0 + static_cast<std::int64_t>(i) * gap.count());
    const double hump = i == count / 2 ? 20 : 4;
    points.push_back({DeviceId{1}, GatewayId{7}, time, hump, coldchain::Series::kTemperature});
    points.push_back({DeviceId{1}, GatewayId{7}, time, 60, coldchain::Series::kBattery});
  }
  REQUIRE(series.write(points).is_ok());
}

CurveQuery over(std::chrono::milliseconds length) {
  return {DeviceId{1}, {from_millis(kT0), from_millis(kT0) + length}};
}

}  // namespace

TEST_CASE("A device is shown with what registry, readings and alerts say of it") {
  Fleet fleet;
  fleet.apply(entry(1, {{"name", "Milk"}, {"group", "Shop 4"}, {"maxTemperature", "8"}}));
  fleet.note(reading(1, kT0, 9.5));
  fleet.note(alert(1, kT0));
  CHECK(devices(fleet)["devices"] ==
        json::parse(R"([{"id":"1","name":"Milk","group":"Shop 4","state":"active",
          "last":{"time":1466380800000,"temperature":9.5,"battery":75},
          "limits":{"max_temperature":8.0},
          "alert":{"kind":"too_hot","time":1466380800000}}])"));
}

TEST_CASE("A device that is not in the registry is shown as unknown, an id of 64 bits exactly") {
  Fleet fleet;
  fleet.note(reading(18'446'744'073'709'551'615U, kT0, 4));
  const json shown = devices(fleet)["devices"][0];
  CHECK(shown["id"] == "18446744073709551615");
  CHECK(shown["state"] == "unknown");
  CHECK(!shown.contains("limits"));
}

TEST_CASE("A late reading and a late alert do not replace what is newer") {
  Fleet fleet;
  fleet.note(reading(1, kT0, 4));
  fleet.note(reading(1, kT0 - 5'000, 9));
  fleet.note(alert(1, kT0));
  fleet.note(alert(1, kT0 - 5'000));
  const json shown = devices(fleet)["devices"][0];
  CHECK(shown["last"]["temperature"] == 4.0);
  CHECK(shown["alert"]["time"] == kT0);
}

TEST_CASE("A cursor brings what changed since, and what was deleted") {
  Fleet fleet;
  fleet.apply(entry(1));
  fleet.apply(entry(2));
  const json all = devices(fleet);
  CHECK(all["all"] == true);
  CHECK(all["devices"].size() == 2);

  const json none = devices(fleet, all["cursor"]);
  CHECK(none["all"] == false);
  CHECK(none["devices"].empty());

  fleet.note(reading(2, kT0, 4));
  fleet.apply(DeviceId{1});
  const json some = devices(fleet, none["cursor"]);
  REQUIRE(some["devices"].size() == 1);
  CHECK(some["devices"][0]["id"] == "2");
  CHECK(some["deleted"] == json::parse(R"(["1"])"));
}

TEST_CASE("A device that was deleted and made again is not told as deleted") {
  Fleet fleet;
  fleet.apply(entry(1));
  const json before = devices(fleet);
  fleet.apply(DeviceId{1});
  fleet.apply(entry(1));
  const json after = devices(fleet, before["cursor"]);
  CHECK(after["devices"].size() == 1);
  CHECK(after["deleted"].empty());
}

TEST_CASE("A cursor of another run, or none at all, brings everything") {
  Fleet fleet;
  fleet.apply(entry(1));
  const std::string cursor = devices(fleet)["cursor"];
  CHECK(cursor == "r1-1");
  for (const char* other : {"r2-1", "r1-", "r1-1x", "r11", "r1", "-1", ""})
    CHECK(devices(fleet, other)["all"] == true);
}

TEST_CASE(
    "What the series store knows fills in, unless the device is gone or has a newer reading") {
  Fleet fleet;
  fleet.apply(entry(1));
  fleet.apply(entry(2));
  fleet.note(reading(2, kT0, 4));
  CHECK(fleet.without_reading() == std::vector{DeviceId{1}});
  const ShownDevice::Last old{from_millis(kT0 - 1'000), 5, 70};
  for (const std::uint64_t id : {1, 2, 3})
    fleet.note_last(DeviceId{id}, old);
  CHECK(fleet.without_reading().empty());
  const auto shown = fleet.devices_since(0).devices;
  REQUIRE(shown.size() == 2);
  for (const ShownDevice& device : shown)
    CHECK(device.last->temperature == (device.id == DeviceId{1} ? 5 : 4));
}

TEST_CASE("Alerts come newest first, each once, without the phone; old ones make room") {
  Fleet fleet{3};
  for (const std::int64_t at : {1, 3, 2, 3, 4})
    fleet.note(alert(at == 4 ? 2 : 1, kT0 + at));
  const json all = json::parse(alerts_json(fleet.alerts(std::nullopt, 10)))["alerts"];
  REQUIRE(all.size() == 3);
  CHECK(all[0]["id"] == "2-too_hot-" + std::to_string(kT0 + 4));
  CHECK(all[2]["time"] == kT0 + 2);
  CHECK(all[0]["info"] == json::parse(R"({"name":"Milk"})"));
  CHECK(fleet.alerts(DeviceId{2}, 10).size() == 1);
  CHECK(fleet.alerts(std::nullopt, 2).size() == 2);
}

TEST_CASE("A gateway is shown with its name and what it brought") {
  Fleet fleet;
  fleet.apply(coldchain::GatewayEntry{GatewayId{7}, "hash", {{"name", "Back door"}}});
  fleet.note(reading(1, kT0, 4));
  fleet.note(reading(1, kT0 - 9, 4));
  fleet.note(reading(2, kT0 - 9, 4));
  CHECK(json::parse(gateways_json(fleet.gateways(), from_millis(kT0)))["gateways"] ==
        json::parse(R"([{"id":"7","name":"Back door","last":1466380800050,"readings":3,
                         "devices":2}])"));
}

TEST_CASE("Few readings are shown by themselves, many in steps of a clock") {
  test::MemorySeries series;
  fill(series, kCurvePoints + 1, 30s);
  const auto few = read_curve(series, over(10min));
  REQUIRE(few.is_ok());
  CHECK(few->query.step == 0ms);
  CHECK(few->points.size() == 21);

  const auto many = read_curve(series, over(24h));
  REQUIRE(many.is_ok());
  CHECK(many->query.step == 1min);
  CHECK(many->points.size() <= kCurvePoints);
  const auto& hump = many->points[kCurvePoints / 4];
  CHECK(hump.temperature.max == 20);  // an excursion of one reading stays in sight
  CHECK(hump.temperature.average() == 12);
  CHECK(hump.battery->average() == 60);
}

TEST_CASE("Steps begin at multiples of their length, wherever the range does") {
  test::MemorySeries series;
  fill(series, 10, 1min);
  CurveQuery query{DeviceId{1}, {from_millis(kT0 + 61'234), from_millis(kT0 + 600'000)}, 5min};
  const auto curve = read_curve(series, query);
  REQUIRE(curve.is_ok());
  REQUIRE(curve->points.size() == 2);
  CHECK(to_millis(curve->points[0].time) == kT0);
  CHECK(curve->points[0].temperature.count == 5);
}

TEST_CASE("Any range fits into few points") {
  for (const auto length : {1h, 24h, 24h * 30, 24h * 366, 24h * 36'600})
    CHECK(over(length).range.from + kCurvePoints * step_for(over(length).range) >=
          over(length).range.to);
}

TEST_CASE("A range that is reversed, and steps that make too many points, are refused") {
  test::MemorySeries series;
  CurveQuery reversed = over(1h);
  std::swap(reversed.range.from, reversed.range.to);
  CHECK(read_curve(series, reversed).status().error().kind == ErrorKind::kInvalid);
  CurveQuery fine = over(24h * 365);
  fine.step = 1s;
  CHECK(read_curve(series, fine).status().error().kind == ErrorKind::kInvalid);
}

TEST_CASE("A curve is columns in JSON, and lines with times in UTC as CSV") {
  test::MemorySeries series;
  fill(series, 3, 1min);
  const std::vector<coldchain::SeriesPoint> lone{
      {DeviceId{1}, GatewayId{7}, from_millis(kT0 + 240'000), 5, coldchain::Series::kTemperature}};
  REQUIRE(series.write(lone).is_ok());
  const auto curve = read_curve(series, over(1h));
  REQUIRE(curve.is_ok());
  const json shown = json::parse(curve_json(*curve));
  CHECK(shown["device"] == "1");
  CHECK(shown["step"] == 0);
  CHECK(shown["time"] == json::array({kT0, kT0 + 60'000, kT0 + 120'000, kT0 + 240'000}));
  CHECK(shown["temperature"]["avg"] == json::array({4.0, 20.0, 4.0, 5.0}));
  CHECK(shown["battery"]["avg"] == json::array({60.0, 60.0, 60.0, nullptr}));
  const std::string csv = curve_csv(*curve);
  CHECK(csv.find("time,temperature_min,temperature_avg,temperature_max,battery_avg\r\n"
                 "2016-06-20T00:00:00.000Z,4.0,4.0,4.0,60.0\r\n") == 0);
  CHECK(csv.find("2016-06-20T00:04:00.000Z,5.0,5.0,5.0,\r\n") != std::string::npos);
}
