#include "topologies/thresholds/limits.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace bora::thresholds {
namespace {

std::optional<double> parse_number(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  if (text.front() == '+') {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Sets `limit` if the config has `key` and it is a number.
void read(const coldchain::Config& config, std::string_view key, double& limit,
          std::vector<std::string>& faults) {
  const auto found = config.find(key);
  if (found == config.end()) return;
  if (const auto number = parse_number(found->second)) {
    limit = *number;
  } else {
    faults.push_back(std::string{key} + " is '" + found->second.substr(0, 40) +
                     "', which is no number: it is taken as not set");
  }
}

}  // namespace

Limits parse_limits(const coldchain::Config& config, std::vector<std::string>& faults) {
  const Limits unset;
  Limits limits;
  read(config, "minTemperature", limits.min_temperature, faults);
  read(config, "maxTemperature", limits.max_temperature, faults);
  read(config, "minBattery", limits.min_battery, faults);
  if (limits.min_temperature > limits.max_temperature) {
    // Taken as they stand, they would make every reading an alert.
    faults.push_back("minTemperature is above maxTemperature: both are taken as not set");
    limits.min_temperature = unset.min_temperature;
    limits.max_temperature = unset.max_temperature;
  }
  if (std::isfinite(limits.min_battery) && (limits.min_battery < 0 || limits.min_battery > 100)) {
    faults.push_back("minBattery is not in 0..100: it is taken as not set");
    limits.min_battery = unset.min_battery;
  }
  return limits;
}

}  // namespace bora::thresholds
