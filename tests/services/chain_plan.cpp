#include "services/chain_plan.hpp"

#include <array>
#include <tuple>

#include "bora/check.hpp"
#include "services/gateway/credentials.hpp"
#include "services/gateway/malformed.hpp"
#include "services/gateway/measurements.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/bcrypt.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::services {

using namespace bora::coldchain;

namespace {

constexpr std::int64_t kBetweenReports = 300'000;  // ms
constexpr std::uint64_t kOneInTwice = 50;
constexpr std::uint64_t kOneInBroken = 40;
constexpr int kCheapest = 4;  // bcrypt's cost

struct Limits {
  double least;
  double most;
  double least_battery;
};
/// One device in four can be too cold, too; one in three low on battery.
Limits limits_of(std::size_t device) {
  return {device % 4 == 0 ? 2.5 : -1e9, 8.0, device % 3 == 0 ? 40.0 : -1.0};
}

/// A fridge that is opened for some readings now and then; in tenths of a degree.
double temperature_of(std::size_t device, std::uint64_t n) {
  const std::uint64_t phase = (n + device * 7) % 40;
  if (phase < 5) return 8.1 + static_cast<double>(phase) / 10;
  if (phase == 8) return 8.0;  // on the limit: no alert
  if (phase > 30 && phase < 34) return 2.4 - static_cast<double>(phase - 30) / 10;
  return 3.0 + static_cast<double>(phase % 20) / 10;
}
std::uint8_t battery_of(std::size_t device, std::uint64_t n) {
  return static_cast<std::uint8_t>(100 - (n + device * 11) % 90);
}

std::string hash_of(const std::string& secret) {
  auto hash = coldchain::hash_password(secret, kCheapest);
  BORA_CHECK(hash.is_ok(), "bcrypt");
  return *std::move(hash);
}

Record record_with(Result<Record> record) {
  BORA_CHECK(record.is_ok(), std::string{record.status().message()});
  return *std::move(record);
}

/// A secret of the right form that is nobody's.
GatewaySecret wrong(const GatewaySecret& secret) {
  std::string text{secret.reveal()};
  text.back() = text.back() == '0' ? '1' : '0';
  return GatewaySecret{text};
}

/// Adds a report and what must become of it.
class Writer {
 public:
  explicit Writer(ChainPlan& plan) : plan_(plan) {}

  void report(const Report& report, std::string_view reason) {
    Record record;
    record.key = record_key(report.device_id);
    write_report(report, record.value);
    plan_.reports.push_back(std::move(record));
    plan_.secrets.insert(std::string{report.gateway_secret.reveal()});
    plan_.secrets.insert(std::to_string(report.device_secret.reveal()));
    const Reading reading = to_reading(report, {});
    if (!reason.empty()) {
      ++plan_.rejected[std::string{reason} + ' ' + reading_text(reading)];
      ++plan_.reasons[std::string{reason}];
      return;
    }
    ++plan_.readings[reading_text(reading)];
    const auto point = [&](Series series, double value) {
      plan_.points[{to_uint(reading.device_id), to_uint(reading.gateway_id),
                    static_cast<std::uint8_t>(series), to_millis(reading.time)}] = value;
    };
    point(Series::kTemperature, reading.temperature);
    point(Series::kBattery, reading.battery);
  }
  void broken(const Report& report) {
    const gateway::Malformation how =
        gateway::kMalformations[broken_++ % gateway::kMalformations.size()];
    Record record;
    record.key = record_key(report.device_id);
    record.value = gateway::malformed(report, how);
    const std::string reason{to_string(gateway::reason_of(how))};
    ++plan_.dead[reason + ' ' + record.value];
    ++plan_.reasons[reason];
    plan_.reports.push_back(std::move(record));
  }

 private:
  ChainPlan& plan_;
  std::uint64_t broken_ = 0;
};

/// Spoils the report as the device's fault asks. Returns the reason for which it will be rejected.
std::string_view spoil(Report& report, Fault fault, std::uint64_t n, std::size_t gateways) {
  switch (fault) {
    case Fault::kBadDeviceToken:
      if (n % 2 == 0) return {};
      report.device_secret = DeviceSecret{report.device_secret.reveal() ^ 1U};
      return "bad_device_token";
    case Fault::kInactiveDevice: return "inactive_device";
    case Fault::kUnknownDevice: return "unknown_device";
    case Fault::kUnknownGateway:
      if (n % 3 != 1) return {};
      report.gateway_id = GatewayId{to_uint(report.gateway_id) + gateways};
      return "unknown_gateway";
    case Fault::kBadGatewayToken:
      if (n % 3 != 1) return {};
      report.gateway_secret = wrong(report.gateway_secret);
      return "bad_gateway_token";
    case Fault::kNone: break;
  }
  return {};
}

}  // namespace

Fault fault_of(std::size_t device) noexcept {
  const std::size_t place = device % 20;
  return place < 5 ? static_cast<Fault>(place) : Fault::kNone;
}

Cast invent_cast(std::uint64_t first, std::size_t devices, std::size_t gateways) {
  Cast cast;
  for (std::uint64_t i = 0; i < devices; ++i)
    cast.devices.push_back({DeviceId{first + i}, gateway::device_secret(first, DeviceId{i})});
  for (std::uint64_t i = 0; i < gateways; ++i)
    cast.gateways.push_back({GatewayId{first + i}, gateway::gateway_secret(first, GatewayId{i})});
  return cast;
}

Config config_of(std::size_t device) {
  Config config{{"maxTemperature", "8"},
                {"name", "Fridge " + std::to_string(device)},
                {"phone", "+351 " + std::to_string(device)}};
  if (device % 4 == 0) config["minTemperature"] = "2.5";
  if (device % 3 == 0) config["minBattery"] = "40";
  return config;
}

Record registry_record_of(const DeviceIdentity& device) {
  return record_with(
      registry_record(DeviceEntry{.id = device.id,
                                  .auth_hash = hash_of(std::to_string(device.secret.reveal())),
                                  .state = State::kActive,
                                  .config = {}}));
}

std::vector<Record> registry_records(const Cast& cast) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < cast.devices.size(); ++i) {
    const Fault fault = fault_of(i);
    if (fault == Fault::kUnknownDevice) continue;
    const DeviceIdentity& device = cast.devices[i];
    records.push_back(record_with(registry_record(
        DeviceEntry{.id = device.id,
                    .auth_hash = hash_of(std::to_string(device.secret.reveal())),
                    .state = fault == Fault::kInactiveDevice ? State::kInactive : State::kActive,
                    .config = config_of(i)})));
  }
  for (const GatewayIdentity& gateway : cast.gateways)
    records.push_back(record_with(
        registry_record(GatewayEntry{.id = gateway.id,
                                     .auth_hash = hash_of(std::string{gateway.secret.reveal()}),
                                     .config = {}})));
  return records;
}

ChainPlan make_plan(const Cast& cast, std::uint64_t reports) {
  ChainPlan plan;
  Writer writer{plan};
  for (std::uint64_t i = 0; i < reports; ++i) {
    const std::size_t place = i % cast.devices.size();
    const std::uint64_t n = i / cast.devices.size();
    const DeviceIdentity& device = cast.devices[place];
    const GatewayIdentity& gateway = cast.gateways[place % cast.gateways.size()];
    Report report{.device_id = device.id,
                  .gateway_id = gateway.id,
                  .temperature = temperature_of(place, n),
                  .time = from_millis(gateway::kDefaultStartMillis +
                                      static_cast<std::int64_t>(n) * kBetweenReports),
                  .battery = battery_of(place, n),
                  .device_secret = device.secret,
                  .gateway_secret = gateway.secret};
    const std::string_view reason = spoil(report, fault_of(place), n, cast.gateways.size());
    writer.report(report, reason);
    if (i % kOneInTwice == kOneInTwice - 1) writer.report(report, reason);
    if (i % kOneInBroken == kOneInBroken - 1) writer.broken(report);
  }
  return plan;
}

std::string reading_text(Reading reading) {
  reading.received = {};
  std::string text;
  write_reading(reading, text);
  return text;
}

std::string broken_rules(const Cast& cast, const std::vector<Reading>& readings,
                         const Tally& alerts) {
  constexpr std::int64_t kHour = 3'600'000;
  std::map<std::uint64_t, std::size_t> places;
  for (std::size_t i = 0; i < cast.devices.size(); ++i)
    places[to_uint(cast.devices[i].id)] = i;
  using Subject = std::pair<std::uint64_t, std::string>;  // device and kind
  std::map<Subject, std::set<std::int64_t>> beyond;
  std::map<Subject, std::set<std::int64_t>> told;
  std::size_t right = 0;  // alerts that a reading accounts for
  for (const Reading& reading : readings) {
    const std::uint64_t device = to_uint(reading.device_id);
    const std::int64_t time = to_millis(reading.time);
    const Limits limits = limits_of(places.at(device));
    const auto consider = [&](bool is_beyond, const std::string& kind, double value, double limit) {
      if (!is_beyond || !beyond[{device, kind}].insert(time).second) return;
      const std::string alert = std::to_string(device) + '-' + kind + '-' + std::to_string(time) +
                                ' ' + std::to_string(value) + ' ' + std::to_string(limit);
      if (alerts.count(alert) == 0) return;
      told[{device, kind}].insert(time);
      ++right;
    };
    consider(reading.temperature > limits.most, "too_hot", reading.temperature, limits.most);
    consider(reading.temperature < limits.least, "too_cold", reading.temperature, limits.least);
    consider(reading.battery < limits.least_battery, "low_battery", reading.battery,
             limits.least_battery);
  }
  std::string faults;
  if (right != alerts.size())
    faults +=
        std::to_string(alerts.size() - right) + " alerts are about no reading beyond a limit\n";
  for (const auto& [subject, times] : beyond) {
    const std::set<std::int64_t>& alerted = told[subject];
    const auto fault = [&](const char* what, std::int64_t time) {
      faults += std::to_string(subject.first) + ' ' + subject.second + ' ' + std::to_string(time) +
                what + '\n';
    };
    for (const std::int64_t time : times) {
      const auto near = alerted.upper_bound(time - kHour);
      if (near == alerted.end() || *near >= time + kHour) fault(": nobody was told", time);
    }
    for (const std::int64_t time : alerted) {
      const auto next = alerted.upper_bound(time);
      if (next != alerted.end() && *next - time < kHour) fault(": told twice in an hour", time);
    }
  }
  return faults;
}

std::string differences(const Tally& expected, const Tally& found) {
  constexpr std::size_t kMostBytes = 2'000;
  std::string text;
  const auto tell = [&](const std::string& what, std::uint64_t wanted, std::uint64_t there) {
    if (wanted == there || text.size() > kMostBytes) return;
    text += std::to_string(there) + " times instead of " + std::to_string(wanted) + ": " +
            what.substr(0, 300) + '\n';
  };
  for (const auto& [what, times] : expected) {
    const auto at = found.find(what);
    tell(what, times, at == found.end() ? 0 : at->second);
  }
  for (const auto& [what, times] : found)
    if (expected.count(what) == 0) tell(what, 0, times);
  return text;
}

}  // namespace bora::services
