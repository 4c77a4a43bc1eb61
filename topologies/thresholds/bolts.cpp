#include "topologies/thresholds/bolts.hpp"

#include <utility>

#include "bora/failure.hpp"
#include "topologies/coldchain/alert_info.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/require_accepted.hpp"

namespace bora::thresholds {

using coldchain::AlertKind;

namespace {

Candidate candidate(const ConfiguredReading& in, AlertKind kind, double value, double limit) {
  const coldchain::Reading& reading = in.located.reading;
  return {.alert = {.device_id = reading.device_id,
                    .kind = kind,
                    .value = value,
                    .limit = limit,
                    .time = reading.time},
          .position = in.located.position};
}

}  // namespace

void ParseBolt::execute(const ConsumedRecord& in) {
  const auto reading = coldchain::parse_reading(in->value);
  coldchain::require_accepted(reading);
  out.emit({*reading, in.position});
}

Status ConfigBolt::open(Context& context) {
  registry_ = &find_registry_();
  context_ = &context;
  return {};
}

void ConfigBolt::execute(const LocatedReading& in) {
  if (!registry_->is_ready()) throw Unavailable("the registry is still being read");
  if (const Limits* limits = limits_of(in.reading.device_id)) out.emit({in, *limits});
}

/// Null: the device is not registered.
const Limits* ConfigBolt::limits_of(coldchain::DeviceId device) {
  // Before the entry: one that changes meanwhile has a newer version, and is looked at again.
  const std::uint64_t version = registry_->version();
  Known& known = known_[device];
  if (known.entry == nullptr || known.version != version) {
    auto entry = registry_->device(device);
    if (entry == nullptr) {
      known_.erase(device);
      devices_.set(known_.size());
      return nullptr;
    }
    known.version = version;
    if (entry != known.entry) {
      known.entry = std::move(entry);
      parse(known);
    }
  }
  return &known.limits;
}

void ConfigBolt::parse(Known& known) {
  std::vector<std::string> faults;
  known.limits = parse_limits(known.entry->config, faults);
  devices_.set(known_.size());
  for (const std::string& fault : faults) {
    faulty_.add();
    context_->report_error("device " + record_key(known.entry->id) + ": " + fault);
  }
}

std::vector<Gauge> ConfigBolt::gauges() const {
  return {devices_.as_level("known_devices"), faulty_.as_counter("faulty_limits")};
}

void TemperatureBolt::execute(const ConfiguredReading& in) {
  const double value = in.located.reading.temperature;
  if (value > in.limits.max_temperature) {
    out.emit(candidate(in, AlertKind::kTooHot, value, in.limits.max_temperature));
  } else if (value < in.limits.min_temperature) {
    out.emit(candidate(in, AlertKind::kTooCold, value, in.limits.min_temperature));
  }
}

void BatteryBolt::execute(const ConfiguredReading& in) {
  const double value = in.located.reading.battery;
  if (value < in.limits.min_battery)
    out.emit(candidate(in, AlertKind::kLowBattery, value, in.limits.min_battery));
}

Status InfoBolt::open(Context&) {
  registry_ = &find_registry_();
  return {};
}

void InfoBolt::execute(const Candidate& in) {
  Candidate known = in;
  known.alert.info = coldchain::device_info(*registry_, in.alert.device_id);
  out.emit(std::move(known));
}

}  // namespace bora::thresholds
