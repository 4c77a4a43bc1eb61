#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::timeseries {

/// `text` in the format of RFC 1952, as Content-Encoding: gzip names it. Fast rather than small.
/// Threads: any.
[[nodiscard]] std::string gzip(std::string_view text);

/// Fails: kCorrupt for what is no gzip, or more than `most` bytes unpacked.
[[nodiscard]] Result<std::string> gunzip(std::string_view bytes, std::size_t most);

}  // namespace bora::timeseries
