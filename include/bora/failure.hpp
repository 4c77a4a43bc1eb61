#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bora/message_id.hpp"

namespace bora {

/// Thrown by a bolt when a retry cannot help (the tuple itself is bad). The message goes straight to
/// the dead letters, with this text as the reason.
class Permanent : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown by a bolt when something it depends on is down. The message is retried without limit, with
/// its source paused meanwhile: an outage must not empty a topic into the dead letters.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Why a message failed; decides what a spout's retry policy does.
enum class FailureKind : std::uint8_t {
  kError,        ///< A bolt threw. Retried, up to the policy's attempts.
  kPermanent,    ///< A bolt threw Permanent. Not retried.
  kUnavailable,  ///< A bolt threw Unavailable. Retried without limit.
  kExpired,      ///< No progress for the message timeout; `component` holds it. Retried.
  kDropped,    ///< An AckToken was destroyed without ack or fail. Retried: it is a bug of the bolt.
  kAbandoned,  ///< Let go of because the topology drains. Not retried here: its source replays it.
};

[[nodiscard]] constexpr std::string_view to_string(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::kError: return "error";
    case FailureKind::kPermanent: return "permanent";
    case FailureKind::kUnavailable: return "unavailable";
    case FailureKind::kExpired: return "expired";
    case FailureKind::kDropped: return "dropped";
    case FailureKind::kAbandoned: return "abandoned";
  }
  return "unknown";
}

/// What a spout learns about a message that failed.
struct Failure {
  MessageId id;
  FailureKind kind = FailureKind::kError;
  std::string component;   ///< The component that failed or holds it.
  std::uint32_t task = 0;  ///< Which of its tasks.
  std::string reason;      ///< The exception's text, or what was seen.
};

}  // namespace bora
