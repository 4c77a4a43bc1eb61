#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "bora/trace.hpp"
#include "services/gateway/random.hpp"

namespace bora::gateway {

/// The part of traces that a gateway has: a span from a message's arrival until it is durable, which is
/// the parent of what the topologies do with it. A trace that a request brings goes on; with a share of the
/// others one begins here. Where nothing is traced, what a request brings is handed on as it is.
///
/// Threads: attach() before the others; these from any. Lifetime: clock and sink outlive it.
class InputTraces {
 public:
  explicit InputTraces(const Clock& clock);

  /// `spans` null: nothing is traced here.
  void attach(SpanSink* spans, double share);

  /// Messages that came together.
  struct Accepted {
    std::optional<TraceContext> at = {};  ///< Nothing: they are not traced.
    SpanId parent{};
    Instant began{};
    std::chrono::nanoseconds from{};  ///< Since 1970-01-01 UTC.

    /// For their records; empty when they are not traced.
    [[nodiscard]] std::string traceparent() const {
      return at ? to_traceparent(*at) : std::string{};
    }
  };
  [[nodiscard]] Accepted begin(const std::optional<TraceContext>& given);
  void end(const Accepted& accepted, const Status& stored);

 private:
  const Clock& clock_;
  SpanSink* spans_ = nullptr;
  double share_ = 0;
  std::mutex mutex_;
  Random random_;  // guarded by mutex_
};

}  // namespace bora::gateway
