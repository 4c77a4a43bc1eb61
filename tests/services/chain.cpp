#include "services/chain.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/url.hpp"
#include "connectors/kafka/kafka_table_source.hpp"
#include "services/log_topics.hpp"
#include "support/services.hpp"
#include "topologies/datapoints/remote_series.hpp"
#include "topologies/datapoints/rocks_series.hpp"

namespace bora::services {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

void must(const Status& status) { BORA_CHECK(status.is_ok(), std::string{status.message()}); }

const std::map<std::string, std::string> kPrograms{{"raw", BORA_RAW},
                                                   {"authentication", BORA_AUTHENTICATION},
                                                   {"datapoints", BORA_DATAPOINTS},
                                                   {"thresholds", BORA_THRESHOLDS},
                                                   {"alerts", BORA_ALERTS},
                                                   {"admin", BORA_ADMIN}};

std::string fresh_prefix() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return "chain-" + std::to_string(::getpid()) + '-' +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + '.';
}

std::vector<std::string> arguments(const std::vector<std::string>& settings,
                                   std::vector<std::string> command) {
  std::vector<std::string> all;
  for (const std::string& setting : settings) {
    all.emplace_back("--set");
    all.push_back(setting);
  }
  command.insert(command.end(), all.begin(), all.end());
  return command;
}

/// What stands behind `field` in /proc/PID/status; 0 when the process is gone.
std::uint64_t bytes_in_status(pid_t process, std::string_view field) {
  std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
  std::uint64_t kibibytes = 0;
  for (std::string word; status >> word;)
    if (word == field && status >> kibibytes) break;
  return kibibytes * 1024;
}

/// Messages that a process is done with, by its /metrics.
std::uint64_t acked_in(const std::string& metrics) {
  constexpr std::string_view kName = "\ntopology_tuples_acked_total{";
  double acked = 0;
  for (std::size_t at = metrics.find(kName); at != std::string::npos;
       at = metrics.find(kName, at + 1))
    acked += std::stod(metrics.substr(metrics.find("} ", at) + 2));
  return static_cast<std::uint64_t>(acked);
}

struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

void add(Points& points, const coldchain::SeriesPoint& point) {
  points[{to_uint(point.device_id), to_uint(point.gateway_id),
          static_cast<std::uint8_t>(point.series), to_millis(point.time)}] = point.value;
}

constexpr coldchain::Series kBothSeries[] = {coldchain::Series::kTemperature,
                                             coldchain::Series::kBattery};
const coldchain::TimeRange kAllTime{from_millis(0), from_millis(4'000'000'000'000)};

}  // namespace

Chain::Chain(Options options) : options_(std::move(options)), prefix_(fresh_prefix()) {
  if (is_embedded()) return;
  const kafka::KafkaOptions kafka{.brokers = testing::kafka_brokers()};
  auto admin = kafka::TopicAdmin::make(kafka);
  must(admin.status());
  admin_ = *std::move(admin);
  sink_ = std::make_unique<kafka::KafkaSink>(kafka::KafkaSinkOptions{.kafka = kafka});
}

std::vector<std::string> Chain::settings_of(const std::string& program) const {
  std::vector<std::string> settings{"control.port=0"};
  const std::string here = directory().string();
  if (is_embedded()) {
    settings.push_back("topics=log:" + log_path().string());
  } else {
    settings.push_back("topics=kafka://" + testing::kafka_brokers());
    settings.push_back("topics.prefix=" + prefix_);
  }
  if (program == "raw") {
    settings.push_back("archive=rocksdb:" + here + "/archive");
    settings.emplace_back("raw.topic=reports");
  }
  if (program == "datapoints") {
    settings.push_back("series=" +
                       (options_.series.empty() ? "rocksdb:" + here + "/series" : options_.series));
    settings.push_back("datapoints.window=" + options_.window);
  }
  if (program == "thresholds" || program == "alerts") {
    settings.push_back("state=" + (options_.state.empty() ? "rocksdb:" + here + "/state." + program
                                                          : options_.state));
    settings.push_back(
        "notify=" + (options_.notify ? options_.notify(program) : "log:" + here + "/told.jsonl"));
  }
  if (program == "alerts") {  // soon, for tests
    settings.emplace_back("alerts.settle=1s");
    settings.emplace_back("alerts.look_every=200ms");
  }
  if (program == "admin") return settings;
  settings.push_back(program + ".commit_every=" + options_.commit_every);
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  return settings;
}

int Chain::create_topics(const std::string& program) {
  e2e::Program creating{kPrograms.at(program),
                        arguments(settings_of(program), {"topics", "create", "--partitions", "4"}),
                        directory() / (program + ".topics.log")};
  const int code = creating.wait(60s).value_or(-1);
  BORA_CHECK(code == 0, creating.output());
  return code;
}

void Chain::start(const std::string& program) {
  if (is_embedded()) worked_[program] = 0;  // the process itself is asked
  processes_[program] = std::make_unique<e2e::Program>(kPrograms.at(program),
                                                       arguments(settings_of(program), {"run"}),
                                                       directory() / (program + ".log"));
}

bool Chain::wait_until_ready(const std::string& program) {
  return processes_.at(program)->wait_for("\"message\":\"ready\"", 60s);
}

std::uint64_t Chain::memory_of(const std::string& program) const {
  return bytes_in_status(processes_.at(program)->pid(), "VmRSS:");
}

std::uint64_t Chain::peak_memory_of(const std::string& program) const {
  return bytes_in_status(processes_.at(program)->pid(), "VmHWM:");
}

std::string Chain::asked(const std::string& program, const std::string& path) const {
  const auto url = http::parse_http_url(
      processes_.at(program)->text_after("\"message\":\"control plane\",\"url\":\""));
  if (!url) return {};
  http::Client client{{.host = url->host, .port = url->port, .timeout = 10s}};
  const auto answer = client.get(path);
  return answer ? answer->body : std::string{};
}

int Chain::stop(const std::string& program) {
  processes_.at(program)->signal(SIGTERM);
  return processes_.at(program)->wait(60s).value_or(-1);
}

std::string Chain::log_of(const std::string& program) const {
  std::ifstream file{directory() / (program + ".log"), std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool Chain::publish(const std::string& topic, const std::vector<Record>& records) {
  if (is_embedded()) {
    append_to_log(log_path(), topic, records);
    return true;
  }
  const auto deadline = Steady::now() + 60s;
  std::deque<std::size_t> waiting;  // to be appended, perhaps again
  for (std::size_t i = 0; i < records.size(); ++i)
    waiting.push_back(i);
  std::size_t delivered = 0;
  std::vector<RecordSink::Delivery> deliveries;
  while (delivered < records.size()) {
    if (Steady::now() > deadline) return false;
    while (!waiting.empty()) {
      const std::size_t next = waiting.front();
      const Status taken = sink_->append(prefix_ + topic, records[next], next);
      if (!taken && taken.error().kind == ErrorKind::kUnavailable) break;
      must(taken);
      waiting.pop_front();
    }
    static_cast<void>(sink_->flush(100ms));  // what is late comes with a later poll
    deliveries.clear();
    sink_->poll(deliveries);
    for (const RecordSink::Delivery& delivery : deliveries) {
      if (delivery.status)
        ++delivered;
      else
        waiting.push_back(delivery.tag);
    }
  }
  return true;
}

std::vector<Record> Chain::read(const std::string& topic) {
  if (is_embedded()) return read_log(log_path(), topic);
  const SystemClock clock;
  kafka::KafkaTableSource source{
      {.kafka = {.brokers = testing::kafka_brokers()}, .topic = prefix_ + topic}, clock};
  NoListener listener;
  must(source.open(listener, [] {}));
  std::map<std::uint32_t, std::vector<Record>> partitions;
  std::vector<SourceRecord> polled;
  const auto deadline = Steady::now() + 60s;
  while (source.lag() != std::uint64_t{0}) {
    BORA_CHECK(Steady::now() < deadline, "a topic that cannot be read: " + topic);
    polled.clear();
    must(source.poll(10'000, polled).status());
    if (polled.empty()) std::this_thread::sleep_for(2ms);
    for (SourceRecord& record : polled)
      partitions[record.position.partition].push_back(std::move(record.record));
  }
  source.close();
  std::vector<Record> all;
  for (auto& [partition, records] : partitions)
    std::move(records.begin(), records.end(), std::back_inserter(all));
  return all;
}

std::optional<double> Chain::metric(const std::string& program,
                                    const std::string& name_and_labels) const {
  const std::string metrics = asked(program, "/metrics");
  const std::size_t at = metrics.find('\n' + name_and_labels + ' ');
  if (at == std::string::npos) return std::nullopt;
  return std::stod(metrics.substr(at + name_and_labels.size() + 2));
}

std::uint64_t Chain::lag(const std::string& topic, const std::string& group) {
  if (is_embedded()) {
    const auto lag = metric(
        group, "topic_log_group_lag_records{topic=\"" + topic + "\",group=\"" + group + "\"}");
    return static_cast<std::uint64_t>(lag.value_or(1));
  }
  const auto committed = admin_->committed(prefix_ + topic, prefix_ + group);
  const auto ranges = admin_->offsets(prefix_ + topic);
  if (!committed || !ranges) return 1;
  std::int64_t lag = 0;
  for (std::size_t i = 0; i < ranges->size(); ++i)
    lag += (*ranges)[i].end - std::max<std::int64_t>(0, (*committed)[i]);
  return static_cast<std::uint64_t>(lag);
}

bool Chain::wait_until_done(const std::string& topic, const std::string& group,
                            std::chrono::seconds patience) {
  for (const auto deadline = Steady::now() + patience; lag(topic, group) != 0;) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

std::uint64_t Chain::work_of(const std::string& program) {
  if (is_embedded()) return acked_in(asked(program, "/metrics"));
  if (program == "thresholds") return notified().size();
  if (program == "authentication") {
    std::uint64_t written = 0;
    const auto ranges = admin_->offsets(prefix_ + "readings");
    for (std::size_t i = 0; ranges && i < ranges->size(); ++i)
      written += static_cast<std::uint64_t>((*ranges)[i].end);
    return written;
  }
  // Nobody may look into the store of a process that runs: its commits will do.
  std::uint64_t done = 0;
  const auto committed = admin_->committed(prefix_ + "readings", prefix_ + program);
  for (std::size_t i = 0; committed && i < committed->size(); ++i)
    done += static_cast<std::uint64_t>(std::max<std::int64_t>(0, (*committed)[i]));
  return done;
}

bool Chain::wait_until_working(const std::string& program) {
  const auto deadline = Steady::now() + 60s;
  while (work_of(program) <= worked_[program]) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  worked_[program] = work_of(program);
  return true;
}

bool Chain::wait_until_through(std::chrono::seconds patience) {
  return wait_until_done("reports", "authentication", patience) &&
         wait_until_done("readings", "datapoints", patience) &&
         wait_until_done("readings", "thresholds", patience);
}

Points Chain::embedded_points() const {
  const SystemClock clock;
  auto store = datapoints::RocksSeries::open({.path = directory() / "series"}, clock);
  must(store.status());
  Points points;
  for (const coldchain::Series series : kBothSeries)
    must((*store)->scan({.series = series, .range = kAllTime},
                        [&](const coldchain::SeriesPoint& point) {
                          add(points, point);
                          return true;
                        }));
  return points;
}

Points Chain::kairos_points(const Cast& cast) {
  timeseries::EndpointOptions endpoint;
  endpoint.url = http::parse_http_url(testing::kairosdb_url()).value();
  datapoints::KairosSeries store{endpoint};
  Points points;
  for (const DeviceIdentity& device : cast.devices)
    for (const coldchain::Series series : kBothSeries) {
      const auto found = store.points(
          {.device_id = device.id, .series = series, .range = kAllTime, .limit = 100'000});
      must(found.status());
      for (const coldchain::SeriesPoint& point : *found)
        add(points, point);
    }
  return points;
}

Tally Chain::notified() const {
  Tally keys;
  std::ifstream file{directory() / "told.jsonl"};
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object()) ++keys[json.at("key").get<std::string>()];
  }
  return keys;
}

}  // namespace bora::services
