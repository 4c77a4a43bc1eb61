#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_input.hpp"
#include "services/coldchain/demo_report.hpp"
#include "services/coldchain/demo_screen.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::demo;
using namespace std::chrono_literals;

namespace {

constexpr coldchain::DeviceId kDevice{101};

/// Everything that a small simulation sends, and an audit that was told so.
struct Sent {
  Sent() {
    gateway::RandomOptions readings;
    readings.devices = 5;
    readings.limit = 200;
    auto simulation = gateway::Simulation::make(
        {.duplicates = gateway::Portion::count(20), .malformed = gateway::Portion::count(30)},
        gateway::random_measurements(readings));
    BORA_CHECK(simulation.is_ok(), "no simulation");
    while (auto record = (*simulation)->next()) {
      audit.sent(record->device_id, record->value, record->rejected);
      records.push_back(std::move(*record));
    }
    expectation = (*simulation)->expectation();
  }
  /// As it should be.
  void arrives(const gateway::SimulatedRecord& record) {
    if (record.rejected)
      audit.refused(coldchain::to_string(*record.rejected), record.value);
    else
      audit.archived(record.device_id, record.value);
  }
  /// The first record that is a report, or that is none.
  const gateway::SimulatedRecord& first(bool is_report) const {
    for (const auto& record : records)
      if (record.rejected.has_value() != is_report) return record;
    return records.front();
  }
  std::string faults() const {
    const AuditResult result = audit.compare(expectation);
    std::string text;
    for (const auto* rows : {&result.devices, &result.reasons})
      for (const AuditRow& row : *rows)
        if (!row.fault.empty()) text += row.what + ": " + row.fault + "; ";
    CHECK(result.agrees() == text.empty());
    return text;
  }

  std::vector<gateway::SimulatedRecord> records;
  gateway::Expectation expectation;
  Audit audit;
};

}  // namespace

TEST_CASE("when everything arrives once, in any order, the audit agrees") {
  Sent sent;
  for (auto record = sent.records.rbegin(); record != sent.records.rend(); ++record)
    sent.arrives(*record);
  CHECK(sent.faults().empty());
}

TEST_CASE("an archive that lacks one entry is reported, with the device") {
  Sent sent;
  const auto& lost = sent.first(true);
  for (const auto& record : sent.records)
    if (&record != &lost) sent.arrives(record);
  CHECK(sent.faults() == "device " + lost.key + ": 1 missing; ");
}

TEST_CASE("an entry that stands twice is reported") {
  Sent sent;
  for (const auto& record : sent.records)
    sent.arrives(record);
  sent.arrives(sent.first(true));
  CHECK(sent.faults() == "device " + sent.first(true).key + ": 1 doubled; ");
}

TEST_CASE("an entry that nobody sent is reported") {
  Sent sent;
  for (const auto& record : sent.records)
    sent.arrives(record);
  sent.audit.archived(kDevice, "{}");
  CHECK(sent.faults() == "device 101: 1 never sent; ");
}

TEST_CASE("an entry that changed on its way is both missing and foreign") {
  Sent sent;
  const auto& changed = sent.first(true);
  for (const auto& record : sent.records)
    if (&record != &changed) sent.arrives(record);
  sent.audit.archived(changed.device_id, changed.value + " ");
  CHECK(sent.faults() == "device " + changed.key + ": 1 missing, 1 never sent; ");
}

TEST_CASE("an entry under another device is reported for both") {
  Sent sent;
  const auto& moved = sent.first(true);
  for (const auto& record : sent.records)
    if (&record != &moved) sent.arrives(record);
  sent.audit.archived(kDevice, moved.value);
  CHECK(sent.faults() == "device " + moved.key + ": 1 missing; device 101: 1 never sent; ");
}

TEST_CASE("a broken record that is refused for another reason, or archived, is reported") {
  Sent sent;
  const auto& broken = sent.first(false);
  const std::string reason{coldchain::to_string(*broken.rejected)};
  for (const auto& record : sent.records)
    if (&record != &broken) sent.arrives(record);
  SECTION("another reason") {
    sent.audit.refused("bad_mood", broken.value);
    CHECK(sent.faults() == "bad_mood: 1 never sent; " + reason + ": 1 missing; ");
  }
  SECTION("archived") {
    sent.audit.archived(broken.device_id, broken.value);
    CHECK(sent.faults() == "device " + broken.key + ": 1 never sent; " + reason + ": 1 missing; ");
  }
  SECTION("nowhere") { CHECK(sent.faults() == reason + ": 1 missing; "); }
}

TEST_CASE("the audit must agree with the simulation's own account") {
  Sent sent;
  for (const auto& record : sent.records)
    sent.arrives(record);
  SECTION("one more of a device") {
    ++sent.expectation.archived_by_device.begin()->second;
    CHECK_FALSE(sent.faults().empty());
  }
  SECTION("a device that nothing was sent for") {
    sent.expectation.archived_by_device[kDevice] = 3;
    CHECK(sent.faults() == "device 101: 3 neither sent nor found; ");
  }
}

TEST_CASE("the report says what is wrong, and only then that something is") {
  AuditResult result;
  result.devices = {{"device 101", 1234, 1234, ""}};
  result.reasons = {{"clock_skew", 25, 25, ""}};
  const std::string good = report_text(result, {});
  CHECK(good.find("ALL IN ORDER") != std::string::npos);
  CHECK(good.find("1,234") != std::string::npos);
  CHECK(good.find("WRONG") == std::string::npos);
  result.devices[0].fault = "1 missing";
  const std::string bad = report_text(result, {});
  CHECK(bad.find("ALL IN ORDER") == std::string::npos);
  CHECK(bad.find("WRONG: 1 missing") != std::string::npos);
  CHECK(bad.find("NOT IN ORDER") != std::string::npos);
}

TEST_CASE("no reading of the demonstration lies in the future, and the last was taken now") {
  const WallTime now = from_millis(1'700'000'000'000);
  InputOptions options;
  options.csv = {std::string{BORA_DATA} + "/suthaharan-multihop.csv"};
  options.duplicates = 0;
  options.malformed = 0;
  auto input = make_input(options, now);
  REQUIRE(input);
  WallTime last{};
  while (const auto record = (*input)->next())
    last = std::max(last, record->time);
  CHECK(last == now);
}

TEST_CASE("readings that are not there are named") {
  InputOptions options;
  options.csv = {"/nowhere/at-all.csv"};
  const auto input = make_input(options, from_millis(0));
  REQUIRE_FALSE(input);
  CHECK(input.status().message().find("/nowhere/at-all.csv") != std::string::npos);
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
