#include "services/gateway/simulate_command.hpp"

#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "bora/clock.hpp"
#include "connectors/log/log_sink.hpp"
#include "connectors/log/topic_log.hpp"
#include "host/signals.hpp"
#include "host/url.hpp"
#include "services/gateway/measurements.hpp"
#include "services/gateway/publishers.hpp"
#include "services/gateway/simulation.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::gateway {
namespace {

constexpr const char* kTopic = "reports";

struct Typed {
  std::vector<std::string> csv;
  std::uint64_t devices = 0;
  std::uint64_t limit = 0;
  std::string start = std::to_string(kDefaultStartMillis);
  std::uint64_t seed = 1;
  double rate = 0;
  std::uint64_t gateways = 3;
  std::string duplicates = "0";
  std::string malformed = "0";
  std::int64_t skew_ms = 0;
  std::string out = "-";
};

/// "12": that many; "1.5%": that share.
std::optional<Portion> parse_portion(std::string_view text) {
  const bool is_share = !text.empty() && text.back() == '%';
  if (is_share) text.remove_suffix(1);
  const char* const end = text.data() + text.size();
  if (is_share) {
    double percent = 0;
    const auto parsed = std::from_chars(text.data(), end, percent);
    const bool is_good =
        parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(percent) && percent >= 0;
    return is_good ? std::optional{Portion::share(percent / 100)} : std::nullopt;
  }
  std::uint64_t count = 0;
  const auto parsed = std::from_chars(text.data(), end, count);
  const bool is_good = parsed.ec == std::errc{} && parsed.ptr == end;
  return is_good ? std::optional{Portion::count(count)} : std::nullopt;
}

std::string fault_of_portion(const std::string& text) {
  return parse_portion(text) ? std::string{}
                             : "\"" + text + "\" is neither a number nor a share such as 0.5%";
}

std::string fault_of_time(const std::string& text) {
  return std::string{coldchain::parse_time(text).status().message()};
}

void declare(CLI::App& app, Typed& typed) {
  auto* const csv =
      app.add_option("--csv", typed.csv, "CSV files with reading, mote_id, temperature")
          ->type_name("FILE");
  auto* const random =
      app.add_option("--random", typed.devices, "instead: random readings of this many devices");
  random->check(CLI::PositiveNumber)->excludes(csv)->type_name("DEVICES");
  app.add_option("--limit", typed.limit, "random readings in all; default: without end")
      ->needs(random)
      ->check(CLI::NonNegativeNumber);
  app.add_option("--start", typed.start,
                 "time of the first reading: ms since 1970 or RFC 3339; default: 2016-06-20")
      ->check(fault_of_time)
      ->type_name("TIME");
  app.add_option("--seed", typed.seed, "the same seed gives the same records; default 1")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--rate", typed.rate, "records a second; 0: as fast as they are taken")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--gateways", typed.gateways, "gateways that share the devices; default 3")
      ->check(CLI::PositiveNumber);
  app.add_option("--duplicates", typed.duplicates,
                 "reports sent twice: a number, or a share such as 0.5%")
      ->check(fault_of_portion)
      ->type_name("N|P%");
  app.add_option("--malformed", typed.malformed,
                 "broken reports on top: a number, or a share such as 0.5%")
      ->check(fault_of_portion)
      ->type_name("N|P%");
  app.add_option("--skew", typed.skew_ms, "most that a gateway's clock is off, in ms; default 0")
      ->check(CLI::NonNegativeNumber)
      ->type_name("MS");
  app.add_option("--out", typed.out, "-, log:DIR or http://HOST:PORT/PATH; default -")
      ->type_name("WHERE");
}

Result<std::unique_ptr<Simulation>> make_simulation(const Typed& typed) {
  const WallTime start = *coldchain::parse_time(typed.start);
  std::unique_ptr<Measurements> measurements;
  if (typed.devices > 0) {
    RandomOptions random{.seed = typed.seed, .devices = typed.devices, .limit = {}, .start = start};
    if (typed.limit > 0) random.limit = typed.limit;
    measurements = random_measurements(random);
  } else {
    const std::vector<std::filesystem::path> files(typed.csv.begin(), typed.csv.end());
    auto read = read_csv(files, {.start = start});
    if (!read) return read.status();
    measurements = *std::move(read);
  }
  return Simulation::make({.seed = typed.seed,
                           .gateways = typed.gateways,
                           .duplicates = *parse_portion(typed.duplicates),
                           .malformed = *parse_portion(typed.malformed),
                           .skew = std::chrono::milliseconds{typed.skew_ms}},
                          std::move(measurements));
}

/// "127.0.0.1:8080/v1/reports" as a client's options and a target.
Result<std::pair<http::ClientOptions, std::string>> parse_endpoint(std::string_view rest) {
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  const std::size_t colon = std::min(authority.rfind(':'), authority.size());
  http::ClientOptions options;
  options.host = std::string{authority.substr(0, colon)};
  if (colon < authority.size()) {
    const char* const end = authority.data() + authority.size();
    const auto parsed = std::from_chars(authority.data() + colon + 1, end, options.port);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return Error{ErrorKind::kInvalid,
                   "the port in http://" + std::string{rest} + " is no number in 0..65535"};
    }
  }
  if (options.host.empty())
    return Error{ErrorKind::kInvalid, "there is no host in http://" + std::string{rest}};
  return std::pair{std::move(options),
                   slash < rest.size() ? std::string{rest.substr(slash)} : "/v1/reports"};
}

/// Opens what --out names and has `use` publish there.
Status with_publisher(const std::string& out, std::ostream& standard_output, const Clock& clock,
                      const std::function<Status(Publisher&)>& use) {
  if (out == "-") {
    LinePublisher lines{standard_output};
    return use(lines);
  }
  const auto url = host::Url::parse(out);
  if (!url) return url.status();
  if (url->scheme() == "log") {
    const auto log = log::TopicLog::open({.path = std::string{url->rest()}}, clock);
    if (!log) return log.status();
    log::LogSink sink{**log};
    TopicPublisher topic{sink, kTopic};
    return use(topic);
  }
  if (url->scheme() == "http") {
    auto endpoint = parse_endpoint(url->rest());
    if (!endpoint) return endpoint.status();
    HttpPublisher http{std::move(endpoint->first), std::move(endpoint->second)};
    return use(http);
  }
  return {ErrorKind::kInvalid, "--out " + out + " is none of -, log:DIR and http://HOST:PORT/PATH"};
}

void show_result(const Simulation& simulation, const PublishProgress& progress, host::Log& log) {
  const Expectation& expected = simulation.expectation();
  log.info("published",
           {{"records", progress.published},
            {"readings", expected.readings},
            {"duplicates", expected.duplicates},
            {"malformed", expected.malformed},
            {"retries", progress.retries},
            {"elapsed_ms",
             std::chrono::duration_cast<std::chrono::milliseconds>(progress.elapsed).count()}});
  for (const auto& [reason, count] : expected.rejected_by_reason) {
    log.info("to be refused", {{"reason", coldchain::to_string(reason)}, {"records", count}});
  }
}

int simulate(const Typed& typed, host::Invocation& invocation) {
  host::Log& log = invocation.log;
  const auto simulation = make_simulation(typed);
  if (!simulation) {
    log.error("there is nothing to simulate", {{"error", simulation.status().message()}});
    return 2;
  }
  std::atomic<bool> is_stopping{false};
  const host::SignalWatch signals{[&](std::uint32_t) { is_stopping = true; }};
  const SystemClock clock;
  const PublishEnvironment environment{
      .clock = clock,
      .wait = [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); },
      .is_stopping = [&] { return is_stopping.load(); },
      .on_progress =
          [&](const PublishProgress& now) {
            log.info("publishing", {{"records", now.published}, {"retries", now.retries}});
          }};
  PublishOptions options;
  options.rate = typed.rate;
  const Status done =
      with_publisher(typed.out, invocation.out, clock, [&](Publisher& publisher) -> Status {
        const auto progress = publish_all(**simulation, publisher, options, environment);
        if (!progress) return progress.status();
        show_result(**simulation, *progress, log);
        return {};
      });
  if (done) return 0;
  log.error("the simulation did not end", {{"out", typed.out}, {"error", done.message()}});
  return done.error().kind == ErrorKind::kInvalid ? 2 : 1;
}

}  // namespace

host::Command simulate_command() {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "simulate";
  command.about = "publish simulated reports";
  command.declare = [typed](CLI::App& app) {
    declare(app, *typed);
    app.callback([typed] {
      if (typed->csv.empty() && typed->devices == 0) throw CLI::RequiredError("--csv or --random");
    });
  };
  command.run = [typed](host::Invocation& invocation) { return simulate(*typed, invocation); };
  return command;
}

}  // namespace bora::gateway
