#include "services/effects_plan.hpp"

#include <chrono>
#include <map>

#include "bora/check.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::services {

using namespace bora::coldchain;
using namespace std::chrono_literals;

namespace {

constexpr double kMost = 8;
constexpr double kHot = 9.5;
constexpr double kWell = 4;
constexpr int kLeastBattery = 20;

}  // namespace

EffectsPlan::EffectsPlan(Options options, WallTime now)
    : options_(options),
      old_(std::chrono::floor<std::chrono::milliseconds>(now) - 3h),
      cast_(invent_cast(options.first_device, options.devices, 1)) {
  BORA_CHECK(options.silent_parts > 0 && options.silent_parts <= options.parts,
             "parts with silent devices");
}

std::vector<Record> EffectsPlan::registry() const {
  std::vector<Record> records;
  for (const DeviceIdentity& device : cast_.devices) {
    auto record =
        registry_record(DeviceEntry{.id = device.id,
                                    .auth_hash = "nobody-asks",
                                    .state = State::kActive,
                                    .config = {{"maxTemperature", std::to_string(kMost)},
                                               {"minBattery", std::to_string(kLeastBattery)},
                                               {"name", "Fridge " + record_key(device.id)},
                                               {"phone", "+351 1"}}});
    BORA_CHECK(record.is_ok(), std::string{record.status().message()});
    records.push_back(*std::move(record));
  }
  return records;
}

void EffectsPlan::add(std::size_t device, WallTime time, double temperature) {
  const bool is_empty = role_of(device) == Role::kAliveAndEmpty;
  Reading reading;
  reading.device_id = cast_.devices[device].id;
  reading.gateway_id = cast_.gateways[0].id;
  reading.temperature = temperature;
  reading.time = time;
  reading.battery = is_empty ? 10 : 90;
  reading.received = time + 1s;
  Record record;
  record.key = record_key(reading.device_id);
  write_reading(reading, record.value);
  records_.push_back(std::move(record));
  const auto point = [&](Series series, double value) {
    points_[{to_uint(reading.device_id), to_uint(reading.gateway_id),
             static_cast<std::uint8_t>(series), to_millis(time)}] = value;
  };
  point(Series::kTemperature, temperature);
  point(Series::kBattery, reading.battery);
  if (temperature > kMost) expect(thresholds_, device, "too_hot", time);
  if (reading.battery < kLeastBattery) expect(thresholds_, device, "low_battery", time);
}

void EffectsPlan::expect(Subjects& of, std::size_t device, std::string_view kind, WallTime time) {
  of.insert(subject_of(record_key(cast_.devices[device].id) + '-' + std::string{kind} + '-' +
                       std::to_string(to_millis(time))));
}

void EffectsPlan::add_silent(std::size_t device) {
  const WallTime time = old_ - std::chrono::milliseconds{device};
  add(device, time, kHot);
  expect(alerts_, device, "silent", time);
}

void EffectsPlan::add_alive(std::size_t device, WallTime now) {
  const std::size_t hot_from = device / 4 % options_.parts;
  add(device, now - std::chrono::milliseconds{device}, part_ >= hot_from ? kHot : kWell);
}

std::vector<Record> EffectsPlan::next_part(WallTime now) {
  BORA_CHECK(part_ < options_.parts, "a part more than there are");
  records_.clear();
  now = std::chrono::floor<std::chrono::milliseconds>(now);
  for (std::size_t device = 0; device < options_.devices; ++device) {
    const std::size_t group = device / 4;
    const std::size_t silent_in = group % options_.silent_parts;
    const bool is_silent_now = silent_in == part_;
    switch (role_of(device)) {
      case Role::kSilent:
        if (is_silent_now) add_silent(device);
        break;
      case Role::kReturning: {
        if (is_silent_now) add_silent(device);
        const std::size_t later = options_.parts - 1 - silent_in;  // parts
        if (later == 0 || part_ != silent_in + 1 + group % later) break;
        add(device, now, kHot);
        expect(alerts_, device, "back", now);
        break;
      }
      case Role::kAlive:
      case Role::kAliveAndEmpty: add_alive(device, now); break;
    }
  }
  ++part_;
  return records_;
}

std::string EffectsPlan::subject_of(const std::string& id) const {
  const std::size_t first = id.find('-');
  const std::size_t last = id.rfind('-');
  BORA_CHECK(first != std::string::npos && first < last, "no id of an alert: " + id);
  const bool is_old = std::stoll(id.substr(last + 1)) <= to_millis(old_);
  return id.substr(0, first) + ' ' + id.substr(first + 1, last - first - 1) +
         (is_old ? " old" : " new");
}

std::string wrong_subjects(const EffectsPlan& plan, const Subjects& expected, const Tally& ids) {
  std::map<std::string, std::string> found;  // subject -> id
  std::string text;
  for (const auto& [id, times] : ids) {
    const std::string subject = plan.subject_of(id);
    if (expected.count(subject) == 0) text += "not expected: " + id + '\n';
    const auto [at, is_first] = found.emplace(subject, id);
    if (!is_first) text += "two alerts of one hour: " + at->second + " and " + id + '\n';
  }
  for (const std::string& subject : expected)
    if (found.count(subject) == 0) text += "missing: " + subject + '\n';
  return text;
}

std::uint64_t repetitions(const Tally& ids) {
  std::uint64_t more = 0;
  for (const auto& [id, times] : ids)
    more += times - 1;
  return more;
}

}  // namespace bora::services
