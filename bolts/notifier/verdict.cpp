#include "bolts/notifier/verdict.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace bora::notify {
namespace {

using std::chrono::milliseconds;

/// Codes that say "not now": the request may succeed later as it is.
bool is_transient(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

/// What the server said, short enough for a log line or a header.
std::string describe(const http::Response& answer) {
  constexpr std::size_t kMost = 200;
  std::string text = "it answered " + std::to_string(answer.status);
  if (const std::string_view reason = http::reason_of(answer.status); reason != "Unknown")
    text.append(" ").append(reason);
  if (answer.body.empty()) return text;
  std::string said = answer.body.substr(0, kMost);
  // Bytes that are no plain text could break a log line or a header.
  for (char& c : said)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  return text + ": " + said;
}

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value);
  if (error != std::errc{} || end != begin + digits || value < 0) return std::nullopt;
  return value;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that RFC 9110 lets servers write.
std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number_at(text, 5, 2);
  const auto year = number_at(text, 12, 4);
  const auto hour = number_at(text, 17, 2);
  const auto minute = number_at(text, 20, 2);
  const auto second = number_at(text, 23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{*year},
      std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view text, WallTime now) {
  // A year: more would not fit an Instant, and nobody means it.
  constexpr std::int64_t kMost = 365LL * 24 * 3600;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && text.front() != '-' && end == text.data() + text.size()) {
    if (error == std::errc::result_out_of_range) seconds = kMost;
    return std::chrono::seconds{std::min(seconds, kMost)};
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp<milliseconds>(*date - now, milliseconds{0}, std::chrono::seconds{kMost});
}

Verdict judge(const Result<http::Response>& answer, WallTime now) {
  // Whatever kept an answer from coming, it is no fault of the notification, which may have arrived.
  if (!answer) return {{ErrorKind::kUnavailable, answer.error().message}};
  const int status = answer->status;
  if (status >= 200 && status < 300) return {};
  if (!is_transient(status)) return {{ErrorKind::kInvalid, describe(*answer)}};
  Verdict verdict{{ErrorKind::kUnavailable, describe(*answer)}};
  if (const std::string_view asked = http::find_header(answer->headers, "Retry-After");
      !asked.empty())
    verdict.retry_after = parse_retry_after(asked, now);
  return verdict;
}

}  // namespace bora::notify
