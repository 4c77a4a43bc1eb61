#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::host {

/// Quantities as people write them. Each parse function fails with a text that says what was read and
/// how to write it; white space, signs and fractions are not taken.

/// "250us", "500ms", "3s", "10m", "2h", "1d"; also "0".
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// In the largest unit that divides it: "1500ms", "10m".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

/// "512B", "64KiB", "16MiB", "2GiB", "1TiB"; also the powers of ten "kB", "MB", "GB", "TB", and "0".
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// "42", "-7".
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text);
/// "true", "false", "yes", "no", "on", "off".
[[nodiscard]] Result<bool> parse_switch(std::string_view text);

}  // namespace bora::host
