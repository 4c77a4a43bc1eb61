#include "topologies/coldchain/numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <system_error>

#include "bora/check.hpp"

namespace bora::coldchain::internal {
namespace {

enum class Shape : std::uint8_t { kNoNumber, kInteger, kReal };

/// What `text` is by the grammar of JSON.
Shape shape_of(std::string_view text) {
  std::size_t at = 0;
  const auto skip_any = [&](std::string_view characters) {
    const bool found = at < text.size() && characters.find(text[at]) != std::string_view::npos;
    if (found) ++at;
    return found;
  };
  const auto skip_digits = [&] {
    const std::size_t first = at;
    while (skip_any("0123456789")) {
    }
    return at - first;
  };
  skip_any("-");
  const bool has_leading_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = skip_digits();
  if (whole == 0 || (has_leading_zero && whole > 1)) return Shape::kNoNumber;
  auto shape = Shape::kInteger;
  if (skip_any(".")) {
    if (skip_digits() == 0) return Shape::kNoNumber;
    shape = Shape::kReal;
  }
  if (skip_any("eE")) {
    skip_any("+-");
    if (skip_digits() == 0) return Shape::kNoNumber;
    shape = Shape::kReal;
  }
  return at == text.size() ? shape : Shape::kNoNumber;
}

/// As the JSON writers that allow them spell them.
bool is_non_finite_literal(std::string_view token) {
  if (!token.empty() && token.front() == '-') token.remove_prefix(1);
  return token == "NaN" || token == "nan" || token == "Infinity" || token == "inf" ||
         token == "Inf";
}

bool fits_64_bits(std::string_view integer) {
  std::uint64_t as_unsigned = 0;
  std::int64_t as_signed = 0;
  const char* const end = integer.data() + integer.size();
  return std::from_chars(integer.data(), end, as_unsigned).ec == std::errc{} ||
         std::from_chars(integer.data(), end, as_signed).ec == std::errc{};
}

/// from_chars reports numbers that are too large and numbers that are too small alike; simdjson reads
/// the small ones as 0, as everybody does.
bool overflows(std::string_view number) {
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec == std::errc{}) return false;
  simdjson::dom::parser parser;
  return parser.parse(number.data(), number.size()).error() != simdjson::SUCCESS;
}

void write_zero(std::span<char> token) {
  std::fill(token.begin(), token.end(), ' ');
  token.front() = '0';
}

/// The double nearest to an integer beyond 64 bits, as `<digits>e<exponent>`: 17 digits at most, which
/// leaves room for the exponent in the 19 and more digits that such an integer has.
void write_as_real(std::span<char> token) {
  double value = 0;
  std::from_chars(token.data(), token.data() + token.size(), value);
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  const std::string_view text{buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())};
  const std::size_t e = text.find('e');
  std::string digits{text.substr(0, e)};
  int exponent = 0;
  std::from_chars(text.data() + e + 2, text.data() + text.size(), exponent);  // Past "e+".
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  digits += "e" + std::to_string(exponent);
  BORA_CHECK(digits.size() <= token.size(), digits);
  std::fill(std::copy(digits.begin(), digits.end(), token.begin()), token.end(), ' ');
}

NumberRepair repair_token(std::span<char> token) {
  const std::string_view text{token.data(), token.size()};
  const Shape shape = shape_of(text);
  if (shape == Shape::kNoNumber && !is_non_finite_literal(text)) return NumberRepair::kNothing;
  if (shape == Shape::kInteger && fits_64_bits(text)) return NumberRepair::kNothing;
  if (shape == Shape::kNoNumber || overflows(text)) {
    write_zero(token);
    return NumberRepair::kNonFinite;
  }
  if (shape == Shape::kReal) return NumberRepair::kNothing;
  write_as_real(token);
  return NumberRepair::kRepaired;
}

bool is_token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
         c == '-' || c == '.';
}

}  // namespace

NumberRepair repair_numbers(std::span<char> json) {
  auto outcome = NumberRepair::kNothing;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      for (++at; at < json.size() && json[at] != '"'; ++at) {
        if (json[at] == '\\') ++at;
      }
      ++at;
    } else if (is_token_byte(json[at])) {
      const std::size_t first = at;
      while (at < json.size() && is_token_byte(json[at]))
        ++at;
      outcome = std::max(outcome, repair_token(json.subspan(first, at - first)));
    } else {
      ++at;
    }
  }
  return outcome;
}

}  // namespace bora::coldchain::internal
