#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "host/log.hpp"

namespace bora::host {

/// "2031-05-06T07:08:09.010Z"
[[nodiscard]] std::string format_time(WallTime time);

/// A line without its newline. Bytes that are no UTF-8 are replaced, control characters escaped: one
/// event is one line whatever its fields hold.
[[nodiscard]] std::string format_line(LogFormat format, WallTime time, LogLevel level,
                                      std::string_view msg, std::initializer_list<LogField> fields,
                                      std::uint64_t suppressed);

}  // namespace bora::host
