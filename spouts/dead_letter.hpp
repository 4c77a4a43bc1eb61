#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/failure.hpp"
#include "bora/record.hpp"

namespace bora {

/// Why a record was given up, and where it came from.
struct DeadLetterContext {
  std::string topic;
  RecordPosition position;
  FailureKind kind = FailureKind::kError;
  std::string component;  ///< That failed it; the spout's own name when it could not be decoded.
  std::uint32_t task = 0;
  std::string reason;          ///< Cut to kMaxReasonBytes.
  std::uint32_t attempts = 1;  ///< Times that it was processed.
  WallTime failed_at{};        ///< When it was given up.
};

inline constexpr std::string_view kDeadLetterSuffix = ".dlq";
/// Headers of a dead letter begin with this: `topic`, `partition`, `offset`, `kind`, `component`,
/// `task`, `reason`, `attempts`, `failed-at` (ms since 1970 UTC). All values are text, numbers are
/// decimal, so that any tool can show them.
inline constexpr std::string_view kDeadLetterPrefix = "bora.dlq.";
/// An exception's text may quote the whole payload; the payload is in the record already.
inline constexpr std::size_t kMaxReasonBytes = 1024;

[[nodiscard]] std::string dead_letter_topic(std::string_view topic);

/// The dead letter of `original`: its key, payload, timestamp and headers, and headers that say what
/// happened. A record that was a dead letter before and was replayed loses the headers of that time:
/// the last failure is the one that stands.
[[nodiscard]] Record dead_letter(const Record& original, const DeadLetterContext& context);

}  // namespace bora
