#include "services/coldchain/demo_feeder.hpp"

#include <charconv>
#include <string>
#include <utility>

#include "connectors/log/log_sink.hpp"
#include "services/coldchain/demo_publisher.hpp"

namespace bora::demo {

namespace {

/// The port of "http://127.0.0.1:9480".
std::uint16_t port_of(const std::string& url) {
  std::uint16_t port = 0;
  const std::size_t colon = url.rfind(':');
  std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
  return port;
}

}  // namespace

Feeder::Feeder(Options options, std::unique_ptr<gateway::Simulation> simulation,
               const allinone::Parts& parts, const Clock& clock)
    : options_(options), simulation_(std::move(simulation)), parts_(parts), clock_(clock) {}

Status Feeder::start() {
  thread_ = std::thread{[this] {
    failure_ = feed();
    state_ = failure_ ? State::kFinished : State::kFailed;
  }};
  return {};
}

void Feeder::stop(std::chrono::milliseconds) { join(); }

void Feeder::join() {
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status Feeder::feed() {
  log::LogSink sink{parts_.log->log()};
  DemoPublisher publisher{{.topic = allinone::kReportsTopic,
                           .over_http = options_.over_http,
                           .ingest = {.port = port_of(parts_.ingest->url())}},
                          sink,
                          audit_};
  gateway::PublishOptions options;
  options.rate = options_.rate;
  options.progress_interval = std::chrono::milliseconds{50};
  const gateway::PublishEnvironment environment{
      .clock = clock_,
      .wait = [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); },
      .is_stopping = [this] { return is_stopping_.load(); },
      .on_progress =
          [&](const gateway::PublishProgress& now) {
            published_ = now.published;
            over_http_ = publisher.over_http();
            refused_over_http_ = publisher.refused_over_http();
          }};
  const auto progress = gateway::publish_all(*simulation_, publisher, options, environment);
  if (!progress) return progress.status();
  took_ = progress->elapsed;
  if (progress->published == total()) return {};
  return {ErrorKind::kClosed, "stopped after " + std::to_string(progress->published) + " records"};
}

}  // namespace bora::demo
