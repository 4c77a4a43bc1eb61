#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/http/message.hpp"
#include "services/coldchain/ingest_stats.hpp"

namespace bora::log {
class TopicLog;
}

namespace bora::ingest {

/// Makes all records durable, or says why not. `done` is called once, on any thread, unless an error is
/// returned: kUnavailable for a queue that is full, kClosed. Thread-safe.
using AppendReports =
    std::function<Status(const std::vector<Record>& records, std::function<void(Status)> done)>;

/// Into a topic of the embedded log, all records of a call in one batch. The log outlives its use.
[[nodiscard]] AppendReports append_to(log::TopicLog& log, std::string topic);

/// `POST /v1/reports` without the sockets: one report, or several divided by newlines. README.md of
/// this folder is the contract.
///
///   202  every report is durable            413  a line is too large
///   400  a line is no report; nothing of    415  another type than JSON, or compressed
///        the request was taken              429  too much waits for the disk, with Retry-After
///                                           503  draining, or the disk does not take it
///
/// No call waits: many requests share one commit of the log.
/// Threads: thread-safe.
/// Lifetime: the clock outlives it, and appends under way do not need it.
class Ingest {
 public:
  /// Called once for each request, on any thread; must only hand over.
  using Answer = std::function<void(http::Response)>;

  Ingest(AppendReports append, std::uint32_t max_waiting, const Clock& clock);

  void accept(const http::Request& request, Answer answer);

  /// From now on requests are answered 503; those under way go on.
  void drain() noexcept { is_draining_ = true; }

  [[nodiscard]] const IngestStats& stats() const noexcept { return *stats_; }

 private:
  void append(const http::Request& request, Answer answer);

  const AppendReports append_;
  const std::uint32_t max_waiting_;
  const Clock& clock_;
  const std::shared_ptr<IngestStats> stats_;  // shared with the appends under way
  std::atomic<bool> is_draining_{false};
};

}  // namespace bora::ingest
