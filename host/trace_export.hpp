#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bora/status.hpp"
#include "bora/trace.hpp"
#include "host/assembly.hpp"
#include "host/log.hpp"
#include "host/trace_options.hpp"

namespace bora::host {

/// Sends the spans of a process to where its operator wants them, on a thread of its own. Spans wait in a
/// bounded list; what finds it full, or could not be sent, is counted and gone: a topology never waits.
/// Threads: thread-safe; stop() by one.
class TraceExport final : public SpanSink {
 public:
  /// Where batches of spans go. Called on the export's thread.
  class Target {
   public:
    virtual ~Target() = default;
    virtual Status write(const std::vector<Span>& spans) = 0;
  };

  /// Fails: kInvalid for a URL that is none of the kinds that TraceOptions names; kUnavailable for a file
  /// that cannot be opened. Whether a server is there shows later, in the log.
  [[nodiscard]] static Result<std::unique_ptr<TraceExport>> open(const TraceOptions& options,
                                                                 const std::string& program,
                                                                 Log& log);
  /// `most_waiting`: spans.
  TraceExport(std::unique_ptr<Target> target, Log& log, std::size_t most_waiting = 8192);
  ~TraceExport() override;

  void take(Span span) noexcept override;
  /// Sends what waits, in bounded time, and ends. Safe to call twice.
  void stop();

  /// What was exported and what was dropped, for /metrics.
  [[nodiscard]] std::vector<Sample> samples() const;

 private:
  void work();
  void write(std::vector<Span>& spans);

  const std::unique_ptr<Target> target_;
  Log& log_;
  const std::size_t most_waiting_;
  std::atomic<std::uint64_t> exported_{0};  // relaxed: counters
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Span> waiting_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace bora::host
