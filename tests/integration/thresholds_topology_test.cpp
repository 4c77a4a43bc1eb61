// The thresholds topology over the real readings of data/, with the embedded log, the embedded ledger and
// a file of notifications: exactly the alerts that a reading of the rules gives, over a restart.

#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/running_topology.hpp"
#include "services/gateway/measurements.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/parts/notify.hpp"
#include "topologies/parts/state_part.hpp"
#include "topologies/thresholds/topology.hpp"

using namespace bora;
using namespace bora::coldchain;
using namespace std::chrono_literals;

namespace {

constexpr double kLeast = 26.5;
constexpr double kMost = 30;
constexpr double kLeastBattery = 50;

/// Id of each alert, and how often.
using Times = std::map<std::string, int>;

/// The eight devices in order of time, five seconds between two readings of one.
std::vector<Reading> real_readings() {
  const std::string data = BORA_DATA;
  const std::vector<std::filesystem::path> files{data + "/suthaharan-multihop.csv",
                                                 data + "/suthaharan-singlehop.csv"};
  auto measurements = gateway::read_csv(files);
  REQUIRE(measurements);
  std::vector<Reading> readings;
  while (const auto measured = (*measurements)->next())
    readings.push_back({.device_id = measured->device_id,
                        .gateway_id = GatewayId{1},
                        .temperature = measured->temperature,
                        .time = measured->time,
                        .received = measured->time + 1s,
                        .battery = measured->battery});
  return readings;
}

std::vector<Record> records_of(const std::vector<Reading>& readings) {
  std::vector<Record> records;
  for (const Reading& reading : readings) {
    Record record;
    record.key = record_key(reading.device_id);
    write_reading(reading, record.value);
    records.push_back(std::move(record));
  }
  return records;
}

/// The rules, read as plainly as can be: one alert of a device and kind within an hour.
Times expected_alerts(const std::vector<Reading>& readings) {
  std::map<std::pair<DeviceId, AlertKind>, std::vector<WallTime>> granted;
  Times expected;
  for (const Reading& reading : readings) {
    std::vector<AlertKind> kinds;
    if (reading.temperature > kMost) kinds.push_back(AlertKind::kTooHot);
    if (reading.temperature < kLeast) kinds.push_back(AlertKind::kTooCold);
    if (reading.battery < kLeastBattery) kinds.push_back(AlertKind::kLowBattery);
    for (const AlertKind kind : kinds) {
      auto& times = granted[{reading.device_id, kind}];
      bool is_taken = false;
      for (const WallTime time : times)
        is_taken = is_taken || (reading.time - time < 1h && time - reading.time < 1h);
      if (is_taken) continue;
      times.push_back(reading.time);
      expected[alert_id(reading.device_id, kind, reading.time)] = 1;
    }
  }
  return expected;
}

/// A process of the thresholds program without its command line.
class Process {
 public:
  explicit Process(const std::filesystem::path& directory)
      : log_({.path = directory / "topics", .durability = log::Durability::kUnsynced}, clock_),
        state_({.path = directory / "state", .durability = Durability::kBuffered}) {
    must(log_.start());
    must(state_.start());
    for (std::uint64_t device = 100; device < 300; ++device)
      registry_.apply(DeviceEntry{DeviceId{device},
                                  "x",
                                  State::kActive,
                                  {{"minTemperature", "26.5"},
                                   {"maxTemperature", "30"},
                                   {"minBattery", "50"},
                                   {"name", "Fridge " + std::to_string(device)}}});
    registry_.set_ready();
    parts::NotifyOptions notify;
    notify.url = host::Url::parse("log:" + (directory / "told.jsonl").string()).value();
    thresholds::ThresholdsOptions options;
    options.config_tasks = 2;
    options.spout.commit_every = 20ms;
    auto topology = thresholds::make_topology(
        options, {.connections = log_.connections("readings", "thresholds"),
                  .registry = [this]() -> const RegistryView& { return registry_; },
                  .state = [this] { return state_.connections()(); },
                  .notifier = parts::make_notifier(notify).value(),
                  .sinks = log_.sinks()});
    must(topology.status());
    auto running = RunningTopology::start(std::move(*topology));
    must(running.status());
    running_ = std::move(*running);
  }
  ~Process() {
    running_->stop(30s);
    running_.reset();
    state_.stop({});
    log_.stop({});
  }
  [[nodiscard]] log::TopicLog& log() { return log_.log(); }
  bool wait_until_through() {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!is_through() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    return is_through();
  }

 private:
  static void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }
  bool is_through() {
    for (const log::GroupStats& group : log().stats().groups)
      if (group.topic == "readings" && group.group == "thresholds") return group.lag == 0;
    return false;
  }

  SystemClock clock_;
  parts::LogPart log_;
  parts::EmbeddedStatePart state_;
  RegistryView registry_;
  std::unique_ptr<RunningTopology> running_;
};

Times told_in(const std::filesystem::path& path) {
  std::ifstream file{path};
  Times told;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    const auto alert = parse_alert(json.at("body").dump());
    REQUIRE(alert);
    CHECK(json.at("key") == alert_id(*alert));
    CHECK(json.at("text") == notification_text(*alert));
    CHECK(alert->info.name == "Fridge " + record_key(alert->device_id));
    ++told[json.at("key").get<std::string>()];
  }
  return told;
}

Times published_in(log::TopicLog& log) {
  Times published;
  for (const log::TopicStats& topic : log.stats().topics) {
    if (topic.topic != "alerts") continue;
    for (std::uint32_t p = 0; p < topic.partitions.size(); ++p) {
      for (const SourceRecord& record : log::testing::read_all(log, "alerts", p)) {
        const auto alert = parse_alert(record.record.value);
        REQUIRE(alert);
        CHECK(record.record.key == record_key(alert->device_id));
        ++published[alert_id(*alert)];
      }
    }
  }
  return published;
}

}  // namespace

TEST_CASE(
    "thresholds: of all real readings exactly the alerts of the rules are told and published, over "
    "a restart") {
  const log::testing::ScratchDirectory directory;
  const std::vector<Reading> readings = real_readings();
  const Times expected = expected_alerts(readings);
  REQUIRE(readings.size() == 37'674);
  CHECK(expected.size() > 20);
  const std::vector<Record> records = records_of(readings);
  const auto half = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
  {
    Process process{directory.path()};
    REQUIRE(process.log().append("readings", {records.begin(), half}));
    REQUIRE(process.wait_until_through());
  }
  Process process{directory.path()};
  REQUIRE(process.log().append("readings", {half, records.end()}));
  // Gateways repeat: the same readings in new records are no news.
  REQUIRE(process.log().append("readings", {half - 5'000, half + 5'000}));
  REQUIRE(process.wait_until_through());
  CHECK(told_in(directory.path() / "told.jsonl") == expected);
  CHECK(published_in(process.log()) == expected);
}
