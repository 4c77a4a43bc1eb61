#include "services/coldchain/demo_cast.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>

namespace bora::demo {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenReadings{5'000};
constexpr milliseconds kBetweenDevices{50};  // so that not all measure at the same moment
constexpr milliseconds kLate = std::chrono::minutes{75};

// One of each kind among so many devices; all others are good.
constexpr std::size_t kRound = 24;
constexpr std::array<std::pair<std::size_t, Role>, 7> kRoles{{{0, Role::kComesBack},
                                                              {4, Role::kWrongSecret},
                                                              {7, Role::kInactive},
                                                              {11, Role::kDeleted},
                                                              {14, Role::kUnknownGateway},
                                                              {17, Role::kFallsSilent},
                                                              {20, Role::kWrongGatewaySecret}}};

Role role_of(std::size_t device) {
  for (const auto& [place, role] : kRoles)
    if (device % kRound == place) return role;
  return Role::kGood;
}

/// With one digit after the point, as people set limits.
std::string tenths(double tenths) {
  const auto whole = static_cast<std::int64_t>(tenths);
  const std::string digits = std::to_string(std::abs(whole) % 10);
  return (whole < 0 ? "-" : "") + std::to_string(std::abs(whole) / 10) + "." + digits;
}

/// The reading at this share of all, from the coldest on.
double quantile(const std::vector<gateway::Measurement>& readings, double share) {
  std::vector<double> values;
  values.reserve(readings.size());
  for (const gateway::Measurement& reading : readings)
    values.push_back(reading.temperature);
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

coldchain::Config config_of(std::size_t device, const std::vector<gateway::Measurement>& readings) {
  const std::string number = std::to_string(device + 1);
  coldchain::Config config{{"name", "Fridge " + number},
                           {"group", "Shop " + std::to_string(device % 7 + 1)},
                           {"owner", "Owner of fridge " + number},
                           {"phone", "+351 210 000 " + std::to_string(100 + device)}};
  if (device % 3 == 0) config["maxTemperature"] = tenths(std::floor(quantile(readings, 0.98) * 10));
  if (device % 4 == 1) config["minTemperature"] = tenths(std::ceil(quantile(readings, 0.02) * 10));
  if (device % 5 == 2) config["minBattery"] = "75";
  return config;
}

/// Takes over the readings and gives them their times.
CastDevice make_device(std::size_t number, std::vector<gateway::Measurement> readings,
                       const CastOptions& options) {
  CastDevice device;
  device.role = role_of(number);
  device.gateway = number % options.gateways;
  device.config = config_of(number, readings);
  WallTime last = options.now - static_cast<std::int64_t>(number) * kBetweenDevices;
  if (device.is_late()) last -= kLate;
  for (std::size_t i = 0; i < readings.size(); ++i)
    readings[i].time = last - static_cast<std::int64_t>(readings.size() - 1 - i) * kBetweenReadings;
  device.readings = std::move(readings);
  return device;
}

}  // namespace

std::uint64_t Cast::readings() const noexcept {
  std::uint64_t readings = 0;
  for (const CastDevice& device : devices)
    readings += device.readings.size();
  return readings;
}

Cast make_cast(gateway::Measurements& motes, const CastOptions& options) {
  std::map<coldchain::DeviceId, std::vector<gateway::Measurement>> by_mote;
  while (const auto measurement = motes.next())
    by_mote[measurement->device_id].push_back(*measurement);
  Cast cast;
  cast.gateways.resize(options.gateways);
  for (auto& [mote, readings] : by_mote) {
    const std::size_t each = cast.devices.empty() ? readings.size() : options.readings_each;
    for (std::size_t i = 0; i < readings.size(); i += each) {
      const auto begin = readings.begin() + static_cast<std::ptrdiff_t>(i);
      const auto end = begin + static_cast<std::ptrdiff_t>(std::min(each, readings.size() - i));
      cast.devices.push_back(make_device(cast.devices.size(), {begin, end}, options));
    }
  }
  return cast;
}

}  // namespace bora::demo
