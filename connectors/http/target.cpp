#include "connectors/http/target.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace bora::http {

namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::uint8_t kNoBase64 = 64;

constexpr std::array<std::uint8_t, 256> base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoBase64);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}

// Strict: padded, nothing beside the alphabet, no stray bits, so that one text has one encoding.
std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr auto kValues = base64_values();
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNoBase64) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xff));
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view lower) noexcept {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

// What follows "Scheme " when the header is of this scheme; empty when not.
std::string_view after_scheme(std::string_view header, std::string_view lower) noexcept {
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return {};
  if (!equals_ignoring_case(header.substr(0, space), lower)) return {};
  const std::size_t begin = header.find_first_not_of(' ', space);
  return begin == std::string_view::npos ? std::string_view{} : header.substr(begin);
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_token_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-._~+/="}.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::optional<std::string> find_in_query(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decode_percent(pair.substr(0, equals)) != name) continue;
    std::string value{pair.substr(std::min(equals + 1, pair.size()))};
    std::replace(value.begin(), value.end(), '+', ' ');
    return decode_percent(value);
  }
  return std::nullopt;
}

std::optional<BasicAuth> parse_basic_auth(std::string_view header) {
  const std::string_view encoded = after_scheme(header, "basic");
  if (encoded.empty()) return std::nullopt;
  const auto pair = decode_base64(encoded);
  if (!pair || std::any_of(pair->begin(), pair->end(), is_control)) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return BasicAuth{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string_view parse_bearer(std::string_view header) noexcept {
  const std::string_view token = after_scheme(header, "bearer");
  return std::all_of(token.begin(), token.end(), is_token_byte) ? token : std::string_view{};
}

}  // namespace bora::http
