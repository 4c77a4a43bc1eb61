#include "services/coldchain/ingest_part.hpp"

#include <utility>

namespace bora::ingest {

namespace {

host::Sample sample(std::string name, std::string help, host::Sample::Kind kind,
                    std::uint64_t value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = kind,
          .value = static_cast<double>(value)};
}

}  // namespace

IngestPart::IngestPart(IngestOptions options, std::string topic,
                       std::function<log::TopicLog&()> find_log, const Clock& clock)
    : options_(std::move(options)),
      topic_(std::move(topic)),
      begin_([this, find_log = std::move(find_log)] { return append_to(find_log(), topic_); }),
      clock_(clock) {}

IngestPart::IngestPart(IngestOptions options, std::string topic,
                       std::function<std::unique_ptr<RecordSink>()> make_sink, const Clock& clock)
    : options_(std::move(options)),
      topic_(std::move(topic)),
      begin_([this, make_sink = std::move(make_sink)] {
        writer_ = std::make_unique<ReportWriter>(make_sink, topic_);
        return AppendReports{
            [this](const std::vector<Record>& records, std::function<void(Status)> done) {
              return writer_->append(records, std::move(done));
            }};
      }),
      clock_(clock) {}

Status IngestPart::start() {
  ingest_ = std::make_unique<Ingest>(begin_(), options_.max_waiting, clock_);
  http::ServerOptions server;
  server.address = options_.address;
  server.port = options_.port;
  server.exposure = options_.allow_remote ? http::Exposure::kPlaintext : http::Exposure::kLoopback;
  server.threads = options_.threads;
  server.max_body_bytes = options_.max_body_bytes;
  // A connection has one request at a time: with as many as may wait, and some to be told to wait.
  server.max_connections = std::size_t{2} * options_.max_waiting;
  server.on_event = [this](const std::string&) { ++events_; };
  server_ = std::make_unique<http::Server>(std::move(server));
  server_->route_async(http::Method::kPost, "/v1/reports",
                       [this](http::Request request, http::Responder responder) {
                         // Shared by the copies of one function object, of which one is called.
                         auto shared = std::make_shared<http::Responder>(std::move(responder));
                         ingest_->accept(request, [shared](http::Response response) {
                           std::move(*shared).answer(std::move(response));
                         });
                       });
  return server_->start();
}

void IngestPart::stop(std::chrono::milliseconds deadline) {
  ingest_->drain();
  server_->stop(deadline);
  writer_.reset();
}

std::vector<host::Sample> IngestPart::samples() const {
  if (!server_) return {};
  using Kind = host::Sample::Kind;
  std::vector<host::Sample> samples = ingest_->stats().samples();
  const http::ServerStats http = server_->stats();
  samples.push_back(sample("coldchain_ingest_http_rejected_total",
                           "Requests that were malformed or over a limit of the server.",
                           Kind::kCounter, http.requests_rejected));
  samples.push_back(sample("coldchain_ingest_connections", "Open connections.", Kind::kGauge,
                           http.connections_open));
  samples.push_back(sample("coldchain_ingest_connections_refused_total",
                           "Connections that were one too many.", Kind::kCounter,
                           http.connections_refused));
  samples.push_back(sample("coldchain_ingest_failures_total",
                           "Handlers that threw, and connections that could not be accepted.",
                           Kind::kCounter, events_));
  return samples;
}

std::string IngestPart::url() const { return server_ ? server_->url() : std::string{}; }

}  // namespace bora::ingest
