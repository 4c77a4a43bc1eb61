#include "topologies/coldchain/time_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <system_error>

namespace bora::coldchain {
namespace {

using std::chrono::milliseconds;

/// Takes RFC 3339 apart from the front. After a mismatch everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  int digits(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    int value = 0;
    const auto parsed = std::from_chars(taken.data(), taken.data() + taken.size(), value);
    if (taken.size() != count || taken.front() == '-' || parsed.ec != std::errc{} ||
        parsed.ptr != taken.data() + taken.size()) {
      fail();
      return 0;
    }
    rest_.remove_prefix(count);
    return value;
  }
  /// One of the characters; 0 when it is none of them.
  char one_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      fail();
      return 0;
    }
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }
  /// The digits after a point as milliseconds; 0 when there is no point.
  int fraction() {
    if (rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (count == 0) fail();
    int value = 0;
    for (std::size_t i = 0; i < 3; ++i)
      value = 10 * value + (i < count ? rest_[i] - '0' : 0);
    rest_.remove_prefix(count);
    return value;
  }
  [[nodiscard]] bool is_done() const noexcept { return is_good_ && rest_.empty(); }

 private:
  void fail() noexcept { is_good_ = false; }

  std::string_view rest_;
  bool is_good_ = true;
};

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Scanner scan{text};
  const std::chrono::year year{scan.digits(4)};
  scan.one_of("-");
  const std::chrono::month month{static_cast<unsigned>(scan.digits(2))};
  scan.one_of("-");
  const std::chrono::day day{static_cast<unsigned>(scan.digits(2))};
  scan.one_of("Tt ");
  const int hour = scan.digits(2);
  scan.one_of(":");
  const int minute = scan.digits(2);
  scan.one_of(":");
  const int second = scan.digits(2);
  const int millis = scan.fraction();
  const char zone = scan.one_of("Zz+-");
  int zone_minutes = 0;
  if (zone == '+' || zone == '-') {
    const int zone_hour = scan.digits(2);
    scan.one_of(":");
    const int zone_minute = scan.digits(2);
    if (zone_hour > 23 || zone_minute > 59) return std::nullopt;
    zone_minutes = (zone == '-' ? -1 : 1) * (60 * zone_hour + zone_minute);
  }
  const std::chrono::year_month_day date{year, month, day};
  if (!scan.is_done() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
         std::chrono::minutes{minute - zone_minutes} + std::chrono::seconds{second} +
         milliseconds{millis};
}

}  // namespace

Result<WallTime> parse_time(std::string_view text) {
  std::int64_t millis = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size())
    return from_millis(millis);
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error{ErrorKind::kInvalid,
               "\"" + std::string{text} +
                   "\" is no time; write milliseconds since 1970 or, for instance, "
                   "2016-06-20T00:00:00Z"};
}

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[64];
  const int length = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace bora::coldchain
