#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bora/message_id.hpp"

/// Traces: what becomes of a few messages, hop by hop, through every process that they reach. Ids are
/// those of W3C Trace Context and OpenTelemetry.
namespace bora {

struct TraceId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const TraceId&) const = default;
};

/// Zero is no span.
enum class SpanId : std::uint64_t {};

/// Where in a trace something happens: what comes of it is a child of `span`.
struct TraceContext {
  TraceId trace;
  SpanId span{};
  bool operator==(const TraceContext&) const = default;
};

/// Name of the header, of records and of HTTP requests, that carries a context.
inline constexpr std::string_view kTraceparent = "traceparent";

/// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": of a trace that is sampled.
[[nodiscard]] std::string to_traceparent(const TraceContext& context);
/// Nothing when the text is none, as the specification says, or when the trace is not sampled.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept;

/// A piece of a message's way through a topology.
struct Span {
  enum class Kind : std::uint8_t {
    kMessage,  ///< Of a spout: from emitted to done, or failed.
    kQueue,    ///< Of a bolt: from handed over to taken.
    kExecute,  ///< Of a bolt: execute().
  };
  TraceContext at;  ///< Its trace, and its own id.
  SpanId parent{};  ///< Zero: the trace begins here.
  Kind kind = Kind::kMessage;
  std::string topology;
  std::string component;
  std::uint32_t task = 0;
  std::string source;  ///< What `message` is a position of: the name of a topic, or empty.
  MessageId message;
  std::chrono::nanoseconds from{};  ///< Since 1970-01-01 UTC.
  std::chrono::nanoseconds took{};
  std::string failure;  ///< Why it failed; empty when it did not.
};

/// Gets the spans of a topology. Threads: thread-safe, called on engine threads; must not wait.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void take(Span span) noexcept = 0;
};

}  // namespace bora
