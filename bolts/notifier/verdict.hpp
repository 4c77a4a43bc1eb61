#pragma once

#include <chrono>
#include <optional>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/http/message.hpp"

namespace bora::notify {

/// What an answer to a notification means; README.md has the table.
struct Verdict {
  /// ok: told. kUnavailable: to be sent again. kInvalid: refused.
  Status status;
  /// How long the server asked to be left alone.
  std::optional<std::chrono::milliseconds> retry_after = {};
};

/// Pure. `now` is for a Retry-After that names a time of day.
[[nodiscard]] Verdict judge(const Result<http::Response>& answer, WallTime now);

/// The value of a Retry-After header: seconds, or a date as HTTP writes it ("Sun, 06 Nov 1994 08:49:37
/// GMT"), which is nothing to wait for when it is past. Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text,
                                                                         WallTime now);

}  // namespace bora::notify
