#include "services/coldchain/program.hpp"

#include <chrono>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "connectors/log/topic_log.hpp"
#include "services/dashboard/dashboard_part.hpp"
#include "services/gateway/gateway_parts.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/alerts/program.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/datapoints/program.hpp"
#include "topologies/parts/dead_letters_part.hpp"
#include "topologies/thresholds/program.hpp"

namespace bora::allinone {

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kSeriesApiPort = 9481;
constexpr std::uint16_t kGatewayPort = 9482;

host::Url url(const std::string& scheme, const fs::path& path) {
  return host::Url::parse(scheme + ":" + path.string()).value();
}

/// Put into `data`, if it names something on this machine by a relative path.
host::Url placed_url(const host::Url& given, const fs::path& data) {
  const bool is_local = given.scheme() == "rocksdb" || given.scheme() == "log";
  return is_local ? url(std::string{given.scheme()}, data / given.rest()) : given;
}

/// The directory of everything, made for its owner alone: what is archived holds secrets as they came.
class DataDirectory final : public host::Service {
 public:
  explicit DataDirectory(fs::path path) : path_(std::move(path)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "data directory"; }
  Status start() override {
    std::error_code failed;
    if (fs::create_directories(path_, failed)) fs::permissions(path_, fs::perms::owner_all, failed);
    if (!failed) return {};
    return {ErrorKind::kUnavailable, "cannot make the directory " + path_.string() + ": " +
                                         failed.message() + "; set `data` to another"};
  }
  void stop(std::chrono::milliseconds) override {}

 private:
  const fs::path path_;
};

}  // namespace

ProgramOptions::ProgramOptions() : state(url("rocksdb", "state")) {
  topics.url = url("log", "topics");
  series.url = url("rocksdb", "series");
  series.api_port = kSeriesApiPort;
  notify.url = url("log", "notifications.jsonl");
  admin.data = "admin";
  raw.topic = kReportsTopic;
  gateway.outbox = "gateway/outbox.db";
  gateway.socket = "gateway/socket";
  gateway.http_port = kGatewayPort;
  gateway.linger = {};  // to go together saves bytes on a wire, and here is none
}

void ProgramOptions::bind(host::Settings& settings) {
  settings.bind("data", data, "directory of everything that is kept; relative paths are in it");
  topics.bind(settings);
  settings.bind("state", state, "where alerts and silences are: rocksdb:PATH, redis://...",
                {"rocksdb", "redis", "rediss", "redis+sentinel"});
  notify.bind(settings);
  series.bind(settings);
  admin.bind(settings);
  settings.bind("ingest.address", ingest.address, "numeric address of the HTTP ingest");
  settings.bind("ingest.port", ingest.port, "its port; 0 is any free one");
  settings.bind("ingest.allow_remote", ingest.allow_remote,
                "whether its address may be another than loopback: it has no passwords and no TLS");
  settings.bind("ingest.threads", ingest.threads, "threads that read requests", {1, 64});
  settings.bind_bytes("ingest.max_body_bytes", ingest.max_body_bytes,
                      "largest body of a request; larger ones are answered 413",
                      {1, ingest::kMostBodyBytes});
  settings.bind("ingest.max_waiting", ingest.max_waiting,
                "requests that may wait for the disk; one more is answered 429", {1, 100'000});
  gateway.bind_local(settings);
  raw::bind(settings, raw);
  authentication.bind(settings);
  datapoints::bind(settings, datapoints);
  thresholds::bind(settings, thresholds);
  alerts::bind(settings, alerts);
}

ProgramOptions ProgramOptions::placed() const {
  std::error_code ignored;  // then it stays as it was given
  const fs::path directory = fs::absolute(data, ignored).lexically_normal();
  ProgramOptions options = *this;
  options.topics.url = placed_url(topics.url, directory);
  options.state = placed_url(state, directory);
  options.series.url = placed_url(series.url, directory);
  options.notify.url = placed_url(notify.url, directory);
  options.admin.data = (directory / admin.data).string();
  options.gateway.outbox = (directory / gateway.outbox).string();
  if (!gateway.socket.empty()) options.gateway.socket = (directory / gateway.socket).string();
  return options;
}

fs::path ProgramOptions::archive_path() const { return fs::path{data} / "archive"; }

std::vector<std::string> topics_with_dead_letters() {
  return {kReportsTopic, std::string{alerts::kReadingsTopic}, std::string{alerts::kAlertsTopic}};
}

std::vector<parts::TopicPlan> topic_plans() {
  std::vector<parts::TopicPlan> plans = authentication::ProgramOptions::topic_plans();
  plans.push_back({.name = std::string{alerts::kAlertsTopic}});
  for (const std::string& topic : topics_with_dead_letters())
    if (topic != kReportsTopic)
      plans.push_back({.name = dead_letter_topic(topic), .partitions = 1});
  return plans;
}

namespace {

/// A gateway in the same process, for devices that talk to this machine. It publishes into the topics
/// as another would.
Status add_gateway(const gateway::GatewayOptions& options, parts::TopicsPart& topics,
                   const Clock& clock, host::Assembly& assembly) {
  if (options.id == 0 && options.token.is_empty()) return {};
  const auto identity = options.identity();
  if (!identity) return identity.status();
  assembly.add(std::make_unique<gateway::OutputPart>(
      options, *identity, [sinks = topics.sinks()] { return sinks(0); }, clock));
  assembly.add(std::make_unique<gateway::InputPart>(options, clock));
  return {};
}

/// An embedded log takes all that wait with one sync; a broker is written to by one producer.
std::unique_ptr<ingest::IngestPart> make_ingest(const ProgramOptions& options,
                                                parts::TopicsPart& topics, parts::LogPart* log,
                                                const Clock& clock) {
  if (log != nullptr)
    return std::make_unique<ingest::IngestPart>(
        options.ingest, options.raw.topic, [log]() -> log::TopicLog& { return log->log(); }, clock);
  return std::make_unique<ingest::IngestPart>(
      options.ingest, options.raw.topic, [sinks = topics.sinks()] { return sinks(0); }, clock);
}

std::unique_ptr<dashboard::DashboardPart> make_dashboard(parts::TopicsPart& topics,
                                                         datapoints::SeriesPart& series,
                                                         const Clock& clock) {
  constexpr std::int64_t kLookBack = dashboard::FleetReader::kLookBack;
  return std::make_unique<dashboard::DashboardPart>(
      dashboard::DashboardParts{
          .registry = topics.table(std::string{coldchain::kRegistryTopic}),
          .readings = topics.newest(std::string{alerts::kReadingsTopic}, kLookBack),
          .alerts = topics.newest(std::string{alerts::kAlertsTopic}, kLookBack),
          .series = [&series] { return series.reader(); }},
      clock);
}

}  // namespace

Result<Parts> assemble(const ProgramOptions& configured, const Clock& clock,
                       host::Assembly& assembly) {
  const ProgramOptions options = configured.placed();
  auto topics = parts::make_topics(options.topics, topic_plans(), "coldchain", clock);
  if (!topics) return topics.status();
  parts::TopicsPart& shared = **topics;
  auto* const log = dynamic_cast<parts::LogPart*>(&shared);
  auto archive =
      std::make_unique<raw::ArchivePart>(raw::ArchiveOptions{.path = options.archive_path()});
  auto series = datapoints::make_series(options.series, clock);
  if (!series) return series.status();
  auto state = parts::make_state(options.state);
  if (!state) return state.status();
  auto registry =
      std::make_unique<parts::RegistryPart>(shared.table(std::string{coldchain::kRegistryTopic}));
  auto admin = std::make_unique<admin::AdminPart>(options.admin, shared.sinks(), clock);
  auto ingest = make_ingest(options, shared, log, clock);
  auto dashboard = make_dashboard(shared, **series, clock);
  const Parts parts{&shared,        log,         archive.get(), series->get(), state->get(),
                    registry.get(), admin.get(), ingest.get()};
  auto& view = *parts.registry;

  assembly.add(std::make_unique<DataDirectory>(options.data));
  assembly.add(*std::move(topics));
  assembly.add(std::move(archive));
  assembly.add(*std::move(series));
  assembly.add(*std::move(state));
  assembly.add(std::move(registry));
  assembly.add(std::move(dashboard));
  assembly.add(std::make_unique<parts::DeadLettersPart>(topics_with_dead_letters(), shared, clock));
  if (Status s = alerts::assemble(options.alerts, options.notify, {shared, view, *parts.state},
                                  clock, assembly);
      !s)
    return s;
  if (Status s = thresholds::assemble(options.thresholds, options.notify,
                                      {shared, view, *parts.state}, assembly);
      !s)
    return s;
  if (Status s = datapoints::assemble(options.datapoints, shared, *parts.series, assembly); !s)
    return s;
  if (Status s = authentication::assemble(
          options.authentication, shared,
          [&view]() -> const coldchain::RegistryView& { return view.view(); }, assembly);
      !s)
    return s;
  if (Status s = raw::assemble(options.raw, shared, *parts.archive, assembly); !s) return s;
  assembly.add(std::move(admin));
  assembly.add(std::move(ingest));
  if (Status s = add_gateway(options.gateway, shared, clock, assembly); !s) return s;
  return parts;
}

Status with_topics(const ProgramOptions& options, const Clock& clock,
                   const std::function<Status(RecordSink&)>& use) {
  return parts::with_topics(options.placed().topics, clock,
                            [&](parts::TopicsPart& topics) { return use(*topics.sinks()(0)); });
}

}  // namespace bora::allinone
