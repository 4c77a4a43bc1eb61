#include "topologies/coldchain/alert.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "bora/check.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::coldchain {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"too_hot", "too_cold", "low_battery", "silent",
                                                 "back"};

/// The shortest text that means the same number: 8, 9.5, -0.25.
std::string number_text(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

/// "2 h 5 min", to the minute: nobody is woken for seconds.
std::string duration_text(double seconds) {
  const double bounded = std::fmin(std::fmax(seconds, 0), 1e12);
  const std::chrono::minutes whole{static_cast<std::int64_t>(bounded / 60)};
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(whole);
  const auto minutes = whole - hours;
  if (hours.count() == 0) return std::to_string(minutes.count()) + " min";
  std::string text = std::to_string(hours.count()) + " h";
  if (minutes.count() > 0) text += ' ' + std::to_string(minutes.count()) + " min";
  return text;
}

/// To the second: what a person reads.
std::string second_text(WallTime time) {
  return format_time(time).erase(19, 4);  // "2016-06-20T00:00:00.123Z"
}

std::string device_text(const Alert& alert) {
  std::string text =
      alert.info.name.empty() ? "Device " + record_key(alert.device_id) : alert.info.name;
  if (!alert.info.group.empty()) text += " (" + alert.info.group + ')';
  return text;
}

}  // namespace

std::string_view to_string(AlertKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<AlertKind> parse_alert_kind(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i] == text) return static_cast<AlertKind>(i);
  return std::nullopt;
}

std::string alert_id(DeviceId device, AlertKind kind, WallTime time) {
  std::string id = record_key(device);
  id += '-';
  id += to_string(kind);
  id += '-';
  id += std::to_string(to_millis(time));
  return id;
}

std::string notification_text(const Alert& alert) {
  const std::string device = device_text(alert);
  const std::string at = second_text(alert.time);
  const std::string value = number_text(alert.value);
  const std::string limit = number_text(alert.limit);
  switch (alert.kind) {
    case AlertKind::kTooHot: return device + ": " + value + " C, above " + limit + " C, at " + at;
    case AlertKind::kTooCold: return device + ": " + value + " C, below " + limit + " C, at " + at;
    case AlertKind::kLowBattery:
      return device + ": battery at " + value + " %, below " + limit + " %, at " + at;
    case AlertKind::kSilent:
      return device + ": no reading for " + duration_text(alert.value) + ", the last one at " + at;
    case AlertKind::kBack:
      return device + ": reports again, after " + duration_text(alert.value) + ", since " + at;
  }
  BORA_CHECK(false, "an alert of no kind");
}

}  // namespace bora::coldchain
