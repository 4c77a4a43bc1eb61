#pragma once

#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/status.hpp"

namespace bora::coldchain {

/// Milliseconds since 1970 ("1466380800123", also negative), or RFC 3339 with a zone
/// ("2016-06-20T00:00:00.123Z", "2016-06-20T02:00:00+02:00"; digits beyond milliseconds are dropped).
/// Fails: kInvalid; a leap second (:60) is not taken.
[[nodiscard]] Result<WallTime> parse_time(std::string_view text);

/// RFC 3339 in UTC with milliseconds. Years beyond 9999 have more digits than RFC 3339 knows.
[[nodiscard]] std::string format_time(WallTime time);

}  // namespace bora::coldchain
