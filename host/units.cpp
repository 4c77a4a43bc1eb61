#include "host/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <system_error>

namespace bora::host {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::array kDurations{Unit{"d", 86'400 * kSecond},
                                Unit{"h", 3'600 * kSecond},
                                Unit{"m", 60 * kSecond},
                                Unit{"s", kSecond},
                                Unit{"ms", 1'000'000},
                                Unit{"us", 1'000},
                                Unit{"ns", 1}};
constexpr std::array kSizes{Unit{"TiB", std::uint64_t{1} << 40},
                            Unit{"GiB", std::uint64_t{1} << 30},
                            Unit{"MiB", std::uint64_t{1} << 20},
                            Unit{"KiB", std::uint64_t{1} << 10},
                            Unit{"TB", 1'000'000'000'000},
                            Unit{"GB", 1'000'000'000},
                            Unit{"MB", 1'000'000},
                            Unit{"kB", 1'000},
                            Unit{"B", 1}};
constexpr std::size_t kBinarySizes = 4;  // of kSizes, the first ones

constexpr std::string_view kDurationForm = "a duration such as 500ms, 3s, 10m, 2h or 1d";
constexpr std::string_view kSizeForm = "a size such as 512B, 64KiB, 16MiB or 2GiB";

Error not_a(std::string_view form, std::string_view text) {
  return {ErrorKind::kInvalid, "\"" + std::string{text} + "\" is not " + std::string{form}};
}
Error too_large(std::string_view text) {
  return {ErrorKind::kInvalid, "\"" + std::string{text} + "\" is too large"};
}

Result<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                     std::string_view form) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  if (code == std::errc::result_out_of_range) return too_large(text);
  if (code != std::errc{}) return not_a(form, text);
  const std::string_view name{rest, static_cast<std::size_t>(end - rest)};
  if (name.empty() && number == 0) return std::uint64_t{0};
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number > kMost / unit.size) return too_large(text);
    return number * unit.size;
  }
  return not_a(form, text);
}

std::string format_quantity(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (value % unit.size == 0 && value != 0)
      return std::to_string(value / unit.size) + std::string{unit.name};
  return "0" + std::string{units.back().name};
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const Result<std::uint64_t> parsed = parse_quantity(text, kDurations, kDurationForm);
  if (!parsed) return parsed.status();
  return std::chrono::nanoseconds{static_cast<std::int64_t>(*parsed)};
}

std::string format_duration(std::chrono::nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  if (duration.count() < 0) return "-" + format_duration(-duration);
  return format_quantity(static_cast<std::uint64_t>(duration.count()), kDurations);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  return parse_quantity(text, kSizes, kSizeForm);
}

std::string format_bytes(std::uint64_t bytes) {
  for (const Unit& unit : std::span{kSizes}.first(kBinarySizes))
    if (bytes % unit.size == 0 && bytes != 0) return format_quantity(bytes, {&unit, 1});
  return std::to_string(bytes) + "B";
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  if (code == std::errc::result_out_of_range) return too_large(text);
  if (code != std::errc{} || rest != end) return not_a("a whole number", text);
  return number;
}

Result<bool> parse_switch(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return not_a("true or false", text);
}

}  // namespace bora::host
