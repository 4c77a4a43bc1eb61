#pragma once

#include <string>
#include <string_view>

namespace bora::coldchain {

/// Appends any bytes to a line of JSON: as they are when they are JSON themselves (without line
/// breaks), else as a string, with U+FFFD for what is not UTF-8.
///
/// Threads: any.
void append_as_json(std::string_view bytes, std::string& line);

}  // namespace bora::coldchain
