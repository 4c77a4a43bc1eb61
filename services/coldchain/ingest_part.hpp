#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/http/server.hpp"
#include "host/assembly.hpp"
#include "services/coldchain/ingest.hpp"
#include "services/coldchain/report_writer.hpp"

namespace bora::ingest {

struct IngestOptions {
  std::string address = "127.0.0.1";  ///< Anything but loopback needs allow_remote.
  std::uint16_t port = 9480;          ///< 0: any free one, see IngestPart::url().
  /// It speaks no TLS and checks no credentials: true says that the network is trusted.
  bool allow_remote = false;
  std::uint32_t threads = 1;  ///< That read requests and check reports: some 500,000 a second each.
  /// Larger bodies are answered 413. Larger: fewer requests; smaller: less memory for each connection.
  std::size_t max_body_bytes = std::size_t{1} << 20;
  /// One request more is answered 429. More ride out longer syncs of the disk.
  std::uint32_t max_waiting = 512;
};

/// Larger bodies might not fit into the log's queue, however long a client retries.
inline constexpr std::size_t kMostBodyBytes = std::size_t{4} << 20;

/// The HTTP ingest as a part of a process: added last, so that it starts when everything behind it is
/// at work, and stops first. A stop answers new requests 503 and lets those under way be answered.
/// Threads: samples() and url() from any.
class IngestPart final : public host::Service {
 public:
  /// `find_log` is called in start(); the log it gives outlives the part's stop(), the clock the part.
  IngestPart(IngestOptions options, std::string topic, std::function<log::TopicLog&()> find_log,
             const Clock& clock);
  /// For topics in Kafka. `make_sink` is called in start().
  IngestPart(IngestOptions options, std::string topic,
             std::function<std::unique_ptr<RecordSink>()> make_sink, const Clock& clock);

  [[nodiscard]] std::string_view name() const noexcept override { return "ingest"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::string url() const override;

 private:
  const IngestOptions options_;
  const std::string topic_;
  const std::function<AppendReports()> begin_;  ///< Makes what writes the reports, once.
  const Clock& clock_;
  std::atomic<std::uint64_t> events_{0};
  std::unique_ptr<ReportWriter> writer_;  // null for the embedded log
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<http::Server> server_;  // its handlers use ingest_: dies first
};

}  // namespace bora::ingest
