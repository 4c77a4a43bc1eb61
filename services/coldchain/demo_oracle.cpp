#include "services/coldchain/demo_oracle.hpp"

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

namespace bora::demo {

namespace {

using coldchain::Alert;
using coldchain::AlertKind;
using coldchain::Report;

constexpr std::chrono::milliseconds kHour = std::chrono::hours{1};
constexpr double kAny = std::numeric_limits<double>::infinity();

double limit_of(const coldchain::Config& config, const char* key, double otherwise) {
  const auto found = config.find(key);
  return found == config.end() ? otherwise : std::stod(found->second);
}

/// The same number always as the same text, and another as another.
std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

double seconds(WallTime from, WallTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string archived_item(coldchain::DeviceId device, std::string_view message) {
  return coldchain::record_key(device).append(": ").append(message);
}

std::string reading_item(const coldchain::Reading& reading) {
  return point_item(reading.device_id, reading.gateway_id, reading.time, reading.temperature) +
         ' ' + std::to_string(reading.battery);
}

std::string point_item(coldchain::DeviceId device, coldchain::GatewayId gateway, WallTime time,
                       double value) {
  return coldchain::record_key(device) + '/' + std::to_string(to_uint(gateway)) + '/' +
         std::to_string(to_millis(time)) + ' ' + number_text(value);
}

std::string alert_item(const Alert& alert) {
  std::string item = alert_id(alert);
  if (alert.kind != AlertKind::kSilent)
    item += ' ' + number_text(alert.value) + ' ' + number_text(alert.limit);
  return item;
}

Oracle::Oracle(const Cast& cast, coldchain::GatewayId over_http, Audit& audit)
    : over_http_(over_http), audit_(audit) {
  for (const CastDevice& device : cast.devices) {
    if (device.role == Role::kDeleted) continue;
    devices_[device.id] = {.secret = device.secret,
                           .is_active = device.role != Role::kInactive,
                           .least = limit_of(device.config, "minTemperature", -kAny),
                           .most = limit_of(device.config, "maxTemperature", kAny),
                           .least_battery = limit_of(device.config, "minBattery", -kAny)};
  }
  for (const CastGateway& gateway : cast.gateways)
    gateways_[gateway.id] = gateway.secret;
}

void Oracle::sent(const ScriptedRecord& record) {
  if (record.wire.rejected) return broken(record);
  const Report& report = record.report;
  audit_.expect(Place::kArchive, "reports", archived_item(report.device_id, record.wire.value));
  const std::string_view fault = fault_of(report);
  if (fault.empty()) return accepted(report);
  audit_.expect(Place::kRejected, fault, reading_item(coldchain::to_reading(report, {})));
}

/// Why the report is rejected; empty when it is not.
std::string_view Oracle::fault_of(const Report& report) const {
  const auto device = devices_.find(report.device_id);
  if (device == devices_.end()) return "unknown_device";
  if (!device->second.is_active) return "inactive_device";
  if (device->second.secret != report.device_secret) return "bad_device_token";
  const auto gateway = gateways_.find(report.gateway_id);
  if (gateway == gateways_.end()) return "unknown_gateway";
  if (gateway->second != report.gateway_secret) return "bad_gateway_token";
  return {};
}

void Oracle::broken(const ScriptedRecord& record) {
  const std::string_view reason = coldchain::to_string(*record.wire.rejected);
  if (record.wire.gateway_id == over_http_)
    return audit_.expect(Place::kRefused, reason, record.wire.value);
  // Two topologies read the topic, and each says that it cannot use it.
  for (int readers = 0; readers < 2; ++readers)
    audit_.expect(Place::kDeadLetters, reason, record.wire.value);
}

void Oracle::accepted(const Report& report) {
  audit_.expect(Place::kReadings, "readings", reading_item(coldchain::to_reading(report, {})));
  // Written again, a point is the same point.
  if (points_.emplace(report.device_id, report.time).second) {
    const auto point = [&](const char* series, double value) {
      audit_.expect(Place::kCurves, series,
                    point_item(report.device_id, report.gateway_id, report.time, value));
    };
    point("temperature", report.temperature);
    point("battery", report.battery);
  }
  Device& device = devices_.at(report.device_id);
  if (report.temperature > device.most)
    beyond(report, AlertKind::kTooHot, report.temperature, device.most);
  if (report.temperature < device.least)
    beyond(report, AlertKind::kTooCold, report.temperature, device.least);
  if (report.battery < device.least_battery)
    beyond(report, AlertKind::kLowBattery, report.battery, device.least_battery);
  if (report.time <= device.last) return;
  if (device.is_silent)
    alert({.device_id = report.device_id,
           .kind = AlertKind::kBack,
           .value = seconds(device.last, report.time),
           .limit = std::chrono::duration<double>(kHour).count(),
           .time = report.time});
  device.is_silent = false;
  device.last = report.time;
}

/// At most one alert of a device and kind in an hour.
void Oracle::beyond(const Report& report, AlertKind kind, double value, double limit) {
  std::set<WallTime>& told = told_[{report.device_id, kind}];
  const auto near = told.upper_bound(report.time - kHour);
  if (near != told.end() && *near < report.time + kHour) return;
  told.insert(report.time);
  alert({.device_id = report.device_id,
         .kind = kind,
         .value = value,
         .limit = limit,
         .time = report.time});
}

void Oracle::quiet(WallTime now) {
  for (auto& [id, device] : devices_) {
    const bool is_known = device.last != WallTime{};
    if (!is_known || device.is_silent || now - device.last <= kHour) continue;
    device.is_silent = true;
    alert({.device_id = id, .kind = AlertKind::kSilent, .time = device.last});
  }
}

void Oracle::alert(const Alert& alert) {
  const std::string_view kind = to_string(alert.kind);
  audit_.expect(Place::kAlerts, kind, alert_item(alert));
  audit_.expect(Place::kNotified, kind, alert_id(alert));
}

}  // namespace bora::demo
