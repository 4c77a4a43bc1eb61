#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace bora::timeseries {

inline void append_integer(std::string& out, std::int64_t value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

/// The shortest text that reads back as this finite number. Always with a point, so that nobody takes it
/// for a whole number: 4.0, 1.0e-05.
inline void append_real(std::string& out, double value) {
  char text[32];
  const std::string_view shortest(
      text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
  const std::size_t exponent = shortest.find('e');
  out += shortest.substr(0, exponent);
  if (shortest.find('.') == std::string_view::npos) out += ".0";
  if (exponent != std::string_view::npos) out += shortest.substr(exponent);
}

}  // namespace bora::timeseries
