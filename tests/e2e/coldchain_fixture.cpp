#include "e2e/coldchain_fixture.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"
#include "services/admin/admin_part.hpp"
#include "services/gateway/credentials.hpp"
#include "topologies/coldchain/bcrypt.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/datapoints/rocks_series.hpp"
#include "topologies/raw/archive.hpp"

namespace bora::e2e {

namespace {

using namespace std::chrono_literals;
using Place = std::pair<std::uint32_t, std::int64_t>;

constexpr std::uint64_t kSeed = 1;
constexpr std::uint64_t kGateways = 3;
constexpr std::size_t kMostFaults = 10;

std::uint16_t port_of(const std::string& url) {
  std::uint16_t port = 0;
  const std::size_t colon = url.rfind(':');
  if (colon != std::string::npos)
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
  return port;
}

void add(DataFacts& facts, std::string fault) {
  if (facts.faults.size() < kMostFaults) facts.faults.push_back(std::move(fault));
}

std::string text_of(const Place& place) {
  return std::to_string(place.first) + "/" + std::to_string(place.second);
}

/// A record, by where it is.
using Topic = std::map<Place, std::string>;

/// Every record of every topic.
std::map<std::string, Topic> read_topics(const std::filesystem::path& path, DataFacts& facts) {
  std::map<std::string, Topic> topics;
  const SystemClock clock;
  auto log = log::TopicLog::open({.path = path}, clock);
  if (!log) {
    add(facts, std::string{log.status().message()});
    return topics;
  }
  for (const log::TopicStats& topic : (*log)->stats().topics) {
    Topic& records = topics[topic.topic];
    for (std::uint32_t p = 0; p < topic.partitions.size(); ++p) {
      std::vector<SourceRecord> found;
      const auto read = (*log)->read(topic.topic, p, 0, std::size_t{1} << 40, found);
      if (!read) add(facts, std::string{read.status().message()});
      for (SourceRecord& record : found)
        records.emplace(Place{p, record.position.offset}, std::move(record.record.value));
    }
  }
  return topics;
}

/// What Reports wrote into a message to tell it from all others.
std::string origin_of(const std::string& message) {
  constexpr std::string_view kBegin = "\"from\":\"";
  const std::size_t begin = message.find(kBegin);
  if (begin == std::string::npos) return message;
  const std::size_t first = begin + kBegin.size();
  return message.substr(first, message.find('"', first) - first);
}

std::set<std::string> origins_of(const Topic& topic) {
  std::set<std::string> origins;
  for (const auto& [place, message] : topic)
    origins.insert(origin_of(message));
  return origins;
}

/// Every report became a reading or was rejected, and nothing else happened.
void check_flow(std::map<std::string, Topic>& topics, DataFacts& facts) {
  facts.readings = topics["readings"].size();
  facts.rejected = topics["reports.rejected"].size();
  const std::set<std::string> reports = origins_of(topics["reports"]);
  std::set<std::string> decided = origins_of(topics["readings"]);
  decided.merge(origins_of(topics["reports.rejected"]));
  for (const std::string& origin : reports)
    if (!decided.contains(origin)) add(facts, "neither a reading nor rejected: " + origin);
  for (const std::string& origin : decided)
    if (!reports.contains(origin)) add(facts, "decided, and not in the topic: " + origin);
  for (const char* topic : {"alerts", "alerts.dlq", "readings.dlq", "reports.dlq"})
    if (!topics[topic].empty()) add(facts, "topic " + std::string{topic} + " is not empty");
}

/// Every reading is a point of both curves, and no other point is there.
void check_points(const std::filesystem::path& path, const Topic& readings, DataFacts& facts) {
  using coldchain::Series;
  const SystemClock clock;
  const auto series = datapoints::RocksSeries::open({.path = path}, clock);
  if (!series) return add(facts, std::string{series.status().message()});
  using Point = std::tuple<coldchain::DeviceId, coldchain::GatewayId, WallTime>;
  std::set<Point> expected;
  for (const auto& [place, message] : readings)
    if (const auto reading = coldchain::parse_reading(message))
      expected.emplace(reading->device_id, reading->gateway_id, reading->time);
  facts.points = expected.size();
  for (const Series which : {Series::kTemperature, Series::kBattery}) {
    std::uint64_t found = 0;
    const Status scanned =
        (*series)->scan({.series = which, .range = {.from = {}, .to = clock.wall_now()}},
                        [&](const coldchain::SeriesPoint& point) {
                          ++found;
                          if (!expected.contains({point.device_id, point.gateway_id, point.time}))
                            add(facts, "a point that no reading accounts for");
                          return true;
                        });
    if (!scanned) add(facts, std::string{scanned.message()});
    if (found != expected.size())
      add(facts, std::to_string(found) + " points of " + std::to_string(expected.size()));
  }
}

/// Compares each entry of the archive with its record.
void check_archive(const std::filesystem::path& path, const Topic& records, DataFacts& facts) {
  const auto archive = raw::ArchiveReader::open(path);
  if (!archive) return add(facts, std::string{archive.status().message()});
  const auto devices = (*archive)->devices();
  if (!devices) return add(facts, std::string{devices.status().message()});
  std::set<Place> seen;
  for (const coldchain::DeviceId device : *devices) {
    raw::ArchiveScan scan = (*archive)->scan(device);
    while (scan.next()) {
      ++facts.entries;
      const Place place{scan.entry().partition, scan.entry().offset};
      const auto record = records.find(place);
      if (!seen.insert(place).second) add(facts, "archived twice: record " + text_of(place));
      if (record == records.end())
        add(facts, "archived, and not in the topic: " + text_of(place));
      else if (record->second != scan.entry().message)
        add(facts, "archived with other bytes: record " + text_of(place));
    }
    if (!scan.status()) add(facts, std::string{scan.status().message()});
  }
  for (const auto& [place, message] : records)
    if (!seen.contains(place)) add(facts, "not archived: record " + text_of(place));
  const auto count = (*archive)->count();
  if (!count || *count != facts.entries) add(facts, "the archive's own count is another");
}

}  // namespace

Program& Coldchain::start(const std::vector<std::string>& settings) {
  std::vector<std::string> arguments{"run", "--log-format", "json"};
  const auto set = [&](const std::string& setting) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  };
  set("data=" + data().string());
  set("control.port=0");
  set("ingest.port=0");
  set("admin.port=0");
  set("series.api_port=0");
  for (const std::string& setting : settings)
    set(setting);
  program_.reset();
  program_ = std::make_unique<Program>(BORA_COLDCHAIN, std::move(arguments), log_file());
  return *program_;
}

void Coldchain::register_devices(std::uint64_t devices) {
  constexpr int kCheap = 4;  // of bcrypt: what is tested is not the hash
  const SystemClock clock;
  const admin::Actor actor{.user = "test", .address = "local"};
  admin::AdminOptions options;
  options.data = (data() / "admin").string();
  const auto store = admin::open_registry(options, clock);
  BORA_CHECK(store.is_ok(), store.status().message());
  for (std::uint64_t id = 1; id <= devices; ++id) {
    const auto secret = gateway::device_secret(kSeed, coldchain::DeviceId{id}).reveal();
    auto hash = coldchain::hash_password(std::to_string(secret), kCheap);
    BORA_CHECK(hash.is_ok(), "no hash");
    const auto made = (*store)->create_device(actor, *std::move(hash), {});
    BORA_CHECK(made && made->value.id == coldchain::DeviceId{id}, "another id than expected");
    const auto on = (*store)->set_state(actor, made->value.id, coldchain::State::kActive);
    BORA_CHECK(on.is_ok(), on.status().message());
  }
  for (std::uint64_t id = 1; id <= kGateways; ++id) {
    const auto secret = gateway::gateway_secret(kSeed, coldchain::GatewayId{id});
    auto hash = coldchain::hash_password(secret.reveal(), kCheap);
    BORA_CHECK(hash.is_ok(), "no hash");
    const auto made = (*store)->create_gateway(actor, *std::move(hash));
    BORA_CHECK(made && made->value.id == coldchain::GatewayId{id}, "another id than expected");
  }
}

bool Coldchain::wait_ready() { return program_->wait_for("\"message\":\"ready\"", 20s); }

int Coldchain::stop() {
  program_->signal(SIGTERM);
  return program_->wait(20s).value_or(-1);
}

std::uint16_t Coldchain::ingest_port() const {
  return port_of(program_->text_after("\"service\":\"ingest\",\"url\":\""));
}

std::uint16_t Coldchain::control_port() const {
  return port_of(program_->text_after("\"message\":\"control plane\",\"url\":\""));
}

std::uint16_t Coldchain::admin_port() const {
  return port_of(program_->text_after("\"service\":\"admin\",\"url\":\""));
}

std::uint16_t Coldchain::gateway_port() const {
  return port_of(program_->text_after("\"service\":\"gateway input\",\"url\":\""));
}

double Coldchain::metric(const std::string& name_and_labels) const {
  http::Client client{{.port = control_port()}};
  const auto response = client.get("/metrics");
  if (!response) return -1;
  const std::size_t at = response->body.find("\n" + name_and_labels + " ");
  return at == std::string::npos
             ? -1
             : std::stod(response->body.substr(at + name_and_labels.size() + 2));
}

std::set<std::string> Coldchain::series() const {
  http::Client client{{.port = control_port()}};
  const auto response = client.get("/metrics");
  std::istringstream lines{response ? response->body : std::string{}};
  std::set<std::string> found;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#')) found.insert(line.substr(0, line.rfind(' ')));
  return found;
}

bool Coldchain::wait_done() {
  constexpr std::array<std::pair<const char*, const char*>, 5> kReaders{
      {{"reports", "raw"},
       {"reports", "authentication"},
       {"readings", "datapoints"},
       {"readings", "thresholds"},
       {"readings", "alerts"}}};
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (const auto& [topic, group] : kReaders) {
    const std::string name =
        std::string{"topic_log_group_lag_records{topic=\""} + topic + "\",group=\"" + group + "\"}";
    while (metric(name) != 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(20ms);
    }
  }
  return true;
}

std::string Coldchain::log() const {
  std::ifstream file{log_file(), std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

Result<http::Response> post(std::uint16_t port, const std::string& body) {
  http::Client client{{.port = port}};
  return client.post("/v1/reports", body, "application/x-ndjson");
}

std::string Reports::next() {
  const std::uint64_t number = number_++;
  const coldchain::DeviceId device{1 + number % devices_};
  const coldchain::GatewayId gateway{1 + number % kGateways};
  const coldchain::Report report{
      .device_id = device,
      .gateway_id = gateway,
      .temperature = 4.5,
      .time = from_millis(1'466'380'800'000 + static_cast<std::int64_t>(number)),
      .battery = 75,
      .device_secret = gateway::device_secret(kSeed, device),
      .gateway_secret = gateway::gateway_secret(kSeed, gateway)};
  std::string text;
  coldchain::write_report(report, text);
  return text.insert(1, "\"from\":\"" + name_ + "-" + std::to_string(number) + "\",");
}

std::vector<std::string> gateway_settings() {
  const coldchain::GatewayId id{1};
  return {"gateway.id=1", "gateway.http_port=0",
          "gateway.token=" + std::string{gateway::gateway_secret(kSeed, id).reveal()}};
}

std::string device_message(const std::string& name, std::uint64_t device) {
  const auto secret = gateway::device_secret(kSeed, coldchain::DeviceId{device}).reveal();
  return R"({"from":")" + name + R"(","device":{"id":)" + std::to_string(device) + R"(,"auth":)" +
         std::to_string(secret) + R"(},"reading":{"temp":4.5,"time":1466380800000,"batt":75}})";
}

DataFacts check_data(const std::filesystem::path& data, const std::vector<std::string>& accepted) {
  DataFacts facts;
  auto topics = read_topics(data / "topics", facts);
  const Topic& records = topics["reports"];
  facts.records = records.size();
  std::set<std::string> messages;
  for (const auto& [place, message] : records)
    if (!messages.insert(message).second) ++facts.repeated;
  for (const std::string& message : accepted)
    if (!messages.contains(message)) add(facts, "answered 202 and lost: " + message);
  check_archive(data / "archive", records, facts);
  check_flow(topics, facts);
  check_points(data / "series", topics["readings"], facts);
  return facts;
}

std::vector<std::string> secrets_in(const std::string& text) {
  std::vector<std::string> found;
  const auto look = [&](std::string secret) {
    if (text.find(secret) != std::string::npos) found.push_back(std::move(secret));
  };
  for (std::uint64_t id = 1; id <= kGateways; ++id)
    look(std::string{gateway::gateway_secret(kSeed, coldchain::GatewayId{id}).reveal()});
  // Those of the reports above, and of the demonstration, which has the same seed.
  for (std::uint64_t id = 1; id <= 300; ++id)
    look(std::to_string(gateway::device_secret(kSeed, coldchain::DeviceId{id}).reveal()));
  return found;
}

}  // namespace bora::e2e
