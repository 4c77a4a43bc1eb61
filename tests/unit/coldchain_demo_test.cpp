#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_input.hpp"
#include "services/coldchain/demo_oracle.hpp"
#include "services/coldchain/demo_report.hpp"
#include "services/coldchain/demo_screen.hpp"
#include "services/coldchain/demo_script.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::demo;
using namespace std::chrono_literals;
using coldchain::DeviceId;
using coldchain::GatewayId;

namespace {

const WallTime kNow = from_millis(1'700'000'000'000);

/// Some readings of many devices, with ids and secrets.
const Cast& whole_cast() {
  static const Cast cast = [] {
    gateway::RandomOptions options;
    options.devices = 40;
    options.limit = 1'600;
    const auto motes = gateway::random_measurements(options);
    Cast made = make_cast(*motes, {.now = kNow});
    std::uint64_t number = 0;
    for (CastDevice& device : made.devices) {
      device.id = DeviceId{++number};
      device.secret = coldchain::DeviceSecret{1'000 + 2 * number};
    }
    for (CastGateway& gateway : made.gateways) {
      gateway.id = GatewayId{++number};
      gateway.secret = coldchain::GatewaySecret{std::string(40, 'A')};
    }
    return made;
  }();
  return cast;
}

/// One device and what an oracle expects of its reports.
struct World {
  explicit World(Role role, coldchain::Config config = {}) {
    cast.gateways = {{GatewayId{1}, coldchain::GatewaySecret{"A"}},
                     {GatewayId{2}, coldchain::GatewaySecret{"B"}}};
    cast.devices = {{.role = role,
                     .gateway = 0,
                     .config = std::move(config),
                     .readings = {},
                     .id = DeviceId{7},
                     .secret = coldchain::DeviceSecret{5}}};
    oracle.emplace(cast, GatewayId{2}, audit);
  }
  coldchain::Report report(std::chrono::minutes at, double temperature) const {
    return {.device_id = DeviceId{7},
            .gateway_id = GatewayId{1},
            .temperature = temperature,
            .time = kNow + at,
            .battery = 50,
            .device_secret = coldchain::DeviceSecret{5},
            .gateway_secret = coldchain::GatewaySecret{"A"}};
  }
  ScriptedRecord record(const coldchain::Report& report) const {
    ScriptedRecord record;
    record.report = report;
    record.wire.value = "a report of " + std::to_string(to_millis(report.time));
    record.wire.gateway_id = GatewayId{1};
    return record;
  }
  void sent(const coldchain::Report& report) { oracle->sent(record(report)); }
  /// Of one place: "kind expected", in one line.
  std::string expected(Place place) const {
    std::string text;
    for (const AuditRow& row : audit.compare().rows)
      if (row.place == place)
        text += (text.empty() ? "" : ", ") + row.kind + " " + std::to_string(row.expected);
    return text;
  }

  Cast cast;
  Audit audit;
  std::optional<Oracle> oracle;
};

std::string faults(const Audit& audit) {
  std::string text;
  for (const AuditRow& row : audit.compare().rows)
    if (!row.fault.empty()) text += row.kind + ": " + row.fault + "; ";
  CHECK(audit.compare().agrees() == text.empty());
  return text;
}

}  // namespace

TEST_CASE("an audit agrees when every item is there as often as expected, in any order") {
  Audit audit;
  for (const char* item : {"a", "b", "b"})
    audit.expect(Place::kArchive, "reports", item);
  for (const char* item : {"b", "a", "b"})
    audit.find(Place::kArchive, "reports", item);
  CHECK(faults(audit).empty());
}

TEST_CASE("an audit tells missing, doubled and unexpected items apart, by place and kind") {
  Audit audit;
  audit.expect(Place::kAlerts, "too_hot", "a");
  SECTION("missing") { CHECK(faults(audit) == "too_hot: 1 missing; "); }
  SECTION("doubled") {
    audit.find(Place::kAlerts, "too_hot", "a");
    audit.find(Place::kAlerts, "too_hot", "a");
    CHECK(faults(audit) == "too_hot: 1 doubled; ");
  }
  SECTION("another item") {
    audit.find(Place::kAlerts, "too_hot", "b");
    CHECK(faults(audit) == "too_hot: 1 missing, 1 unexpected; ");
  }
  SECTION("of another kind") {
    audit.find(Place::kAlerts, "back", "a");
    CHECK(faults(audit) == "back: 1 unexpected; too_hot: 1 missing; ");
  }
  SECTION("in another place") {
    audit.find(Place::kNotified, "too_hot", "a");
    CHECK(faults(audit) == "too_hot: 1 missing; too_hot: 1 unexpected; ");
  }
}

TEST_CASE("a report that is accepted is expected in the archive, as a reading and as two points") {
  World world{Role::kGood};
  world.sent(world.report(0min, 4));
  CHECK(world.expected(Place::kArchive) == "reports 1");
  CHECK(world.expected(Place::kReadings) == "readings 1");
  CHECK(world.expected(Place::kCurves) == "battery 1, temperature 1");
  CHECK(world.expected(Place::kAlerts).empty());
}

TEST_CASE("a report that is sent twice is archived twice, and is one point and one alert") {
  World world{Role::kGood, {{"maxTemperature", "3.5"}}};
  world.sent(world.report(0min, 4));
  world.sent(world.report(0min, 4));
  CHECK(world.expected(Place::kArchive) == "reports 2");
  CHECK(world.expected(Place::kReadings) == "readings 2");
  CHECK(world.expected(Place::kCurves) == "battery 1, temperature 1");
  CHECK(world.expected(Place::kAlerts) == "too_hot 1");
  CHECK(world.expected(Place::kNotified) == "too_hot 1");
}

TEST_CASE("two alerts of a device and kind are an hour apart, in whatever order readings come") {
  World world{Role::kGood, {{"maxTemperature", "8"}, {"minTemperature", "2"}}};
  SECTION("by time") {
    for (int minute = 0; minute <= 120; ++minute)
      world.sent(world.report(std::chrono::minutes{minute}, 9));
    CHECK(world.expected(Place::kAlerts) == "too_hot 3");
  }
  SECTION("newest first") {
    for (int minute = 120; minute >= 0; --minute)
      world.sent(world.report(std::chrono::minutes{minute}, 9));
    CHECK(world.expected(Place::kAlerts) == "too_hot 3");
  }
  SECTION("of another kind at once") {
    world.sent(world.report(0min, 9));
    world.sent(world.report(1min, 1));
    CHECK(world.expected(Place::kAlerts) == "too_cold 1, too_hot 1");
  }
  SECTION("a value on the limit is none") {
    world.sent(world.report(0min, 8));
    world.sent(world.report(1min, 2));
    CHECK(world.expected(Place::kAlerts).empty());
  }
}

TEST_CASE("a report is rejected for its first fault, archived all the same, and nothing else") {
  const auto rejected = [](Role role, auto spoil) {
    World world{role};
    coldchain::Report report = world.report(0min, 4);
    spoil(report);
    world.sent(report);
    CHECK(world.expected(Place::kArchive) == "reports 1");
    CHECK(world.expected(Place::kReadings).empty());
    CHECK(world.expected(Place::kCurves).empty());
    return world.expected(Place::kRejected);
  };
  using Report = coldchain::Report;
  CHECK(rejected(Role::kDeleted, [](Report&) {}) == "unknown_device 1");
  CHECK(rejected(Role::kInactive, [](Report&) {}) == "inactive_device 1");
  CHECK(rejected(Role::kGood, [](Report& report) {
          report.device_secret = coldchain::DeviceSecret{6};
          report.gateway_id = GatewayId{99};
        }) == "bad_device_token 1");
  CHECK(rejected(Role::kGood, [](Report& report) { report.gateway_id = GatewayId{99}; }) ==
        "unknown_gateway 1");
  CHECK(rejected(Role::kGood, [](Report& report) { report.gateway_id = GatewayId{2}; }) ==
        "bad_gateway_token 1");
}

TEST_CASE("a broken record is two dead letters, or refused by the ingest") {
  World world{Role::kGood};
  ScriptedRecord broken = world.record(world.report(0min, 4));
  broken.wire.rejected = coldchain::RejectReason::kWrongType;
  world.oracle->sent(broken);
  broken.wire.gateway_id = GatewayId{2};
  world.oracle->sent(broken);
  CHECK(world.expected(Place::kDeadLetters) == "wrong_type 2");
  CHECK(world.expected(Place::kRefused) == "wrong_type 1");
  CHECK(world.expected(Place::kArchive).empty());
}

TEST_CASE("a device is silent once, an hour after its newest reading, and back with the next") {
  World world{Role::kComesBack};
  world.sent(world.report(-70min, 4));
  world.sent(world.report(-80min, 4));  // late: moves nothing back
  world.oracle->quiet(kNow);
  world.oracle->quiet(kNow + 1min);
  CHECK(world.expected(Place::kAlerts) == "silent 1");
  world.sent(world.report(-75min, 4));  // still late: no sign of life
  CHECK(world.expected(Place::kAlerts) == "silent 1");
  world.sent(world.report(0min, 4));
  world.sent(world.report(1min, 4));
  world.oracle->quiet(kNow + 2min);
  CHECK(world.expected(Place::kAlerts) == "back 1, silent 1");
  CHECK(world.expected(Place::kNotified) == "back 1, silent 1");
}

TEST_CASE("of a device whose reports are all rejected nobody says that it is silent") {
  World world{Role::kInactive};
  world.sent(world.report(-70min, 4));
  world.oracle->quiet(kNow);
  CHECK(world.expected(Place::kAlerts).empty());
}

TEST_CASE("the cast reports every reading there is, and only the late ones are over an hour old") {
  const Cast& cast = whole_cast();
  CHECK(cast.readings() == 1'600);
  std::set<Role> roles;
  for (const CastDevice& device : cast.devices) {
    roles.insert(device.role);
    CHECK(device.readings.back().time <= kNow);
    const auto age =
        kNow - (device.is_late() ? device.readings.back() : device.readings.front()).time;
    CHECK((device.is_late() ? age > 70min : age < 45min));
  }
  CHECK(roles.size() == 8);
}

TEST_CASE(
    "the script has every reading once, the late newest first, and what was asked for on top") {
  const Cast& cast = whole_cast();
  const auto script = make_script(cast, {.duplicates = 40, .malformed = 30, .seed = 3});
  std::map<gateway::SimulatedRecord::Kind, std::uint64_t> kinds;
  std::map<DeviceId, WallTime> last;
  std::map<DeviceId, const CastDevice*> devices;
  for (const CastDevice& device : cast.devices)
    devices[device.id] = &device;
  bool is_in_order = true;
  for (const ScriptedRecord& record : script) {
    ++kinds[record.wire.kind];
    if (record.wire.kind != gateway::SimulatedRecord::Kind::kReading) continue;
    const auto before = last.find(record.report.device_id);
    const bool is_late = devices.at(record.report.device_id)->is_late();
    if (before != last.end() && (before->second < record.report.time) == is_late)
      is_in_order = false;
    last[record.report.device_id] = record.report.time;
  }
  CHECK(is_in_order);
  CHECK(kinds[gateway::SimulatedRecord::Kind::kReading] == cast.readings());
  CHECK(kinds[gateway::SimulatedRecord::Kind::kDuplicate] == 40);
  CHECK(kinds[gateway::SimulatedRecord::Kind::kMalformed] == 30);
}

TEST_CASE("the script gives the oracle something of every kind") {
  const Cast& cast = whole_cast();
  Audit audit;
  Oracle oracle{cast, cast.gateways.back().id, audit};
  for (const ScriptedRecord& record : make_script(cast, {.duplicates = 40, .malformed = 60}))
    oracle.sent(record);
  oracle.quiet(kNow);
  for (const CastDevice& device : cast.devices)
    if (device.role == Role::kComesBack) oracle.sent(make_fresh(cast, device, 0, kNow));
  std::set<std::string> kinds;
  for (const AuditRow& row : audit.compare().rows)
    kinds.insert(row.kind);
  for (const char* kind :
       {"unknown_device", "inactive_device", "bad_device_token", "unknown_gateway",
        "bad_gateway_token", "too_hot", "too_cold", "low_battery", "silent", "back", "clock_skew",
        "too_large", "malformed_json"})
    CHECK(kinds.count(kind) == 1);
}

TEST_CASE("the report says what is wrong, and only then that something is") {
  AuditResult result;
  result.rows = {{Place::kArchive, "reports", 1234, 1234, ""},
                 {Place::kRejected, "clock_skew", 25, 25, ""}};
  const std::string good = report_text(result, 2s);
  CHECK(good.find("ALL IN ORDER after 2.0 s") != std::string::npos);
  CHECK(good.find("1,234") != std::string::npos);
  CHECK(good.find("WRONG") == std::string::npos);
  result.rows[0].fault = "1 missing";
  const std::string bad = report_text(result, 2s);
  CHECK(bad.find("ALL IN ORDER") == std::string::npos);
  CHECK(bad.find("WRONG: 1 missing") != std::string::npos);
  CHECK(bad.find("NOT IN ORDER") != std::string::npos);
}

TEST_CASE("a mote is cut into devices of forty minutes, but for the first") {
  gateway::RandomOptions options;
  options.devices = 2;
  options.limit = 2'000;
  const auto motes = gateway::random_measurements(options);
  const Cast cast = make_cast(*motes, {.now = kNow});
  std::vector<std::size_t> sizes;
  for (const CastDevice& device : cast.devices)
    sizes.push_back(device.readings.size());
  CHECK(sizes == std::vector<std::size_t>{1'000, 480, 480, 40});
}

TEST_CASE("readings that are not there are named") {
  const auto cast = read_cast({"/nowhere/at-all.csv"}, kNow);
  REQUIRE_FALSE(cast);
  CHECK(cast.status().message().find("/nowhere/at-all.csv") != std::string::npos);
}
TEST_CASE("progress changes in place on a terminal and is a line a second elsewhere") {
  std::ostringstream terminal;
  Screen on_terminal{terminal, Screen::Kind::kTerminal};
  on_terminal.progress("one", Instant{1s});
  CHECK_FALSE(on_terminal.wants_progress(Instant{1100ms}));
  CHECK(on_terminal.wants_progress(Instant{1200ms}));
  on_terminal.progress("two", Instant{1200ms});
  on_terminal.say("done");
  CHECK(terminal.str() == "\r\033[Kone\r\033[Ktwo\r\033[Kdone\n");

  std::ostringstream plain;
  Screen elsewhere{plain, Screen::Kind::kPlain};
  elsewhere.progress("one", Instant{1s});
  CHECK_FALSE(elsewhere.wants_progress(Instant{1900ms}));
  CHECK(elsewhere.wants_progress(Instant{2s}));
  elsewhere.say("done");
  CHECK(plain.str() == "one\ndone\n");
}

TEST_CASE("numbers and durations are easy to read") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(duration_text(850us) == "850 us");
  CHECK(duration_text(1200us) == "1.2 ms");
  CHECK(duration_text(3400ms) == "3.4 s");
}
