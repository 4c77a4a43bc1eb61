#include "bora/trace.hpp"

namespace bora {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
/// version-trace-span-flags, https://www.w3.org/TR/trace-context/#traceparent-header
constexpr std::size_t kLength = 55;

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4)
    out += kHex[(value >> shift) & 15];
}

/// Upper case is no valid traceparent.
std::optional<std::uint64_t> parse_hex(std::string_view digits) noexcept {
  std::uint64_t value = 0;
  for (const char digit : digits) {
    const std::size_t at = kHex.find(digit);
    if (at == std::string_view::npos) return std::nullopt;
    value = value << 4 | at;
  }
  return value;
}

}  // namespace

std::string to_traceparent(const TraceContext& context) {
  std::string text = "00-";
  text.reserve(kLength);
  append_hex(text, context.trace.high);
  append_hex(text, context.trace.low);
  text += '-';
  append_hex(text, static_cast<std::uint64_t>(context.span));
  text += "-01";
  return text;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  const auto version = parse_hex(text.substr(0, 2));
  const auto high = parse_hex(text.substr(3, 16));
  const auto low = parse_hex(text.substr(19, 16));
  const auto span = parse_hex(text.substr(36, 16));
  const auto flags = parse_hex(text.substr(53, 2));
  if (!version || *version == 0xff || !high || !low || !span || !flags) return std::nullopt;
  // Later versions may say more behind these fields.
  if (text.size() > kLength && (*version == 0 || text[kLength] != '-')) return std::nullopt;
  if ((*high == 0 && *low == 0) || *span == 0 || (*flags & 1) == 0) return std::nullopt;
  return TraceContext{{*high, *low}, SpanId{*span}};
}

}  // namespace bora
