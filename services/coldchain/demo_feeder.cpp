#include "services/coldchain/demo_feeder.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "connectors/http/url.hpp"
#include "connectors/log/log_sink.hpp"
#include "topologies/coldchain/registry_view.hpp"

namespace bora::demo {

namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 50ms;
constexpr auto kMostForRegistry = 60s;
// After that it goes on: the comparison then says who was not noticed.
constexpr auto kMostForSilence = 90s;
constexpr auto kMostForRecord = 60s;
constexpr auto kMostAheadOfTime = 1ms;
constexpr auto kBetweenReadings = 5s;

std::uint16_t port_of(const std::string& url) {
  const auto parsed = http::parse_http_url(url);
  return parsed ? parsed->port : std::uint16_t{0};
}

bool is_as_registered(const coldchain::RegistryView& view, const CastDevice& device) {
  const auto entry = view.device(device.id);
  if (device.role == Role::kDeleted) return entry == nullptr;
  const bool is_active = device.role != Role::kInactive;
  return entry != nullptr && entry->config == device.config &&
         (entry->state == coldchain::State::kActive) == is_active;
}

}  // namespace

Feeder::Feeder(Options options, Cast cast, const allinone::Parts& parts, const Clock& clock)
    : options_(std::move(options)),
      cast_(std::move(cast)),
      parts_(parts),
      clock_(clock),
      devices_(cast_.devices.size()) {}

Status Feeder::start() {
  thread_ = std::thread{[this] {
    if (Status done = run(); !done) {
      failure_ = std::move(done);
      stage_ = Stage::kFailed;
    }
  }};
  return {};
}

void Feeder::stop(std::chrono::milliseconds) { join(); }

void Feeder::join() {
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status Feeder::run() {
  if (Status done = register_all(); !done) return done;
  log::LogSink sink{parts_.log->log()};
  DemoPublisher publisher{{.topic = allinone::kReportsTopic,
                           .over_http = cast_.gateways.back().id,
                           // A request that is given up and sent again may be there twice.
                           .ingest = {.port = port_of(parts_.ingest->url()), .timeout = 60s}},
                          sink,
                          audit_};
  if (Status done = play(publisher); !done) return done;
  stage_ = Stage::kFinished;
  while (!may_go_on_ && !is_stopping_)
    std::this_thread::sleep_for(kLook);
  report_every_day(publisher);
  return {};
}

Status Feeder::play(DemoPublisher& publisher) {
  std::vector<ScriptedRecord> script = make_script(cast_, options_.script);
  const auto returning =
      std::count_if(cast_.devices.begin(), cast_.devices.end(),
                    [](const CastDevice& device) { return device.role == Role::kComesBack; });
  total_ = script.size() + static_cast<std::uint64_t>(returning);
  Oracle oracle{cast_, cast_.gateways.back().id, audit_};
  stage_ = Stage::kSending;
  if (Status done = send(std::move(script), publisher, oracle); !done) return done;
  stage_ = Stage::kWaitingForSilence;
  wait_for_silence();
  oracle.quiet(clock_.wall_now());
  stage_ = Stage::kReturning;
  return send_returns(publisher, oracle);
}

/// What is not taken is lost: nobody counts any more.
void Feeder::report_every_day(DemoPublisher& publisher) {
  for (std::size_t round = 0; !is_stopping_; ++round) {
    for (const CastDevice& device : cast_.devices)
      if (device.role == Role::kGood || device.role == Role::kComesBack)
        publisher.publish(make_fresh(cast_, device, round, clock_.wall_now()).wire)
            .ignore("there is another in a moment");
    publisher.finish().ignore("there is another in a moment");
    wait_until(kBetweenReadings, [] { return false; });
  }
}

Status Feeder::register_all() {
  AdminLogin login = options_.login;
  login.port = port_of(parts_.admin->url());
  const Status registered = provision(login, cast_, [this](std::size_t done) {
    registered_ = done;
    return !is_stopping_;
  });
  if (!registered) return registered;
  return wait_for_registry();
}

/// A report that comes before its device is known would be rejected, and rightly so.
Status Feeder::wait_for_registry() {
  const coldchain::RegistryView& view = parts_.registry->view();
  const bool is_there = wait_until(kMostForRegistry, [&] {
    return view.is_ready() &&
           std::all_of(cast_.devices.begin(), cast_.devices.end(),
                       [&](const CastDevice& device) { return is_as_registered(view, device); });
  });
  if (is_there) return {};
  return {ErrorKind::kUnavailable, "the registry does not say what the admin API was told"};
}

Status Feeder::send(std::vector<ScriptedRecord> records, DemoPublisher& publisher, Oracle& oracle) {
  const Instant began = clock_.now();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (options_.rate > 0) {
      const std::chrono::duration<double> due{static_cast<double>(i) / options_.rate};
      const auto early =
          began + std::chrono::duration_cast<std::chrono::nanoseconds>(due) - clock_.now();
      if (early > kMostAheadOfTime) std::this_thread::sleep_for(early);
    }
    if (is_stopping_)
      return {ErrorKind::kClosed, "stopped after " + std::to_string(sent_) + " records"};
    if (Status done = send_one(records[i], publisher); !done) return done;
    oracle.sent(records[i]);
    ++sent_;
    over_http_ = publisher.over_http();
    refused_over_http_ = publisher.refused_over_http();
  }
  Status done = publisher.finish();
  over_http_ = publisher.over_http();
  return done;
}

/// Again and again while there is no room for it.
Status Feeder::send_one(const ScriptedRecord& record, DemoPublisher& publisher) {
  Status published = publisher.publish(record.wire);
  const Instant began = clock_.now();
  while (published.is_retryable() && !is_stopping_ && clock_.now() - began < kMostForRecord) {
    std::this_thread::sleep_for(1ms);
    published = publisher.publish(record.wire);
  }
  return published;
}

void Feeder::wait_for_silence() {
  std::vector<coldchain::DeviceId> late;
  for (const CastDevice& device : cast_.devices)
    if (device.is_late()) late.push_back(device.id);
  const auto state = parts_.state->connections()();
  wait_until(kMostForSilence, [&] {
    std::vector<std::optional<coldchain::Silence>> found;
    return state->silent_set().find(late, found) &&
           std::all_of(found.begin(), found.end(), [](const auto& each) { return each; });
  });
}

Status Feeder::send_returns(DemoPublisher& publisher, Oracle& oracle) {
  std::vector<ScriptedRecord> returns;
  for (const CastDevice& device : cast_.devices)
    if (device.role == Role::kComesBack)
      returns.push_back(make_fresh(cast_, device, 0, clock_.wall_now()));
  return send(std::move(returns), publisher, oracle);
}

bool Feeder::wait_until(std::chrono::seconds most, const std::function<bool()>& is_true) const {
  const Instant began = clock_.now();
  while (!is_true()) {
    if (is_stopping_ || clock_.now() - began >= most) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace bora::demo
