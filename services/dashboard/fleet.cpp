#include "services/dashboard/fleet.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "topologies/coldchain/alert_info.hpp"

namespace bora::dashboard {

using coldchain::Alert;
using coldchain::DeviceEntry;
using coldchain::DeviceId;
using coldchain::GatewayEntry;
using coldchain::GatewayId;

namespace {

template <class... Cases>
struct Visitor : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Visitor(Cases...) -> Visitor<Cases...>;

}  // namespace

Fleet::Kept& Fleet::changed(DeviceId id) {
  Kept& device = devices_[id];
  device.shown.id = id;
  device.version = ++version_;
  deleted_.erase(id);
  return device;
}

void Fleet::keep_last(Kept& device, const ShownDevice::Last& last) {
  if (!device.shown.last || device.shown.last->time <= last.time) device.shown.last = last;
}

void Fleet::apply_device(const DeviceEntry& entry) {
  ShownDevice& shown = changed(entry.id).shown;
  const bool is_active = entry.state == coldchain::State::kActive;
  shown.standing = is_active ? ShownDevice::Standing::kActive : ShownDevice::Standing::kInactive;
  shown.info = coldchain::device_info(entry);
  std::vector<std::string> faults;  // for the topology that applies the limits to tell
  shown.limits = thresholds::parse_limits(entry.config, faults);
}

void Fleet::forget_device(DeviceId id) {
  if (devices_.erase(id) != 0) deleted_[id] = ++version_;
}

void Fleet::apply(const coldchain::RegistryChange& change) {
  const std::lock_guard lock(mutex_);
  std::visit(
      Visitor{[&](const DeviceEntry& entry) { apply_device(entry); },
              [&](const GatewayEntry& entry) {
                ShownGateway& shown = gateways_[entry.id].shown;
                const auto name = entry.config.find("name");
                shown.id = entry.id;
                shown.name = name == entry.config.end() ? std::string{} : name->second;
              },
              [&](DeviceId id) { forget_device(id); }, [&](GatewayId id) { gateways_.erase(id); }},
      change);
}

void Fleet::note(const coldchain::Reading& reading) {
  const std::lock_guard lock(mutex_);
  keep_last(changed(reading.device_id), {reading.time, reading.temperature, reading.battery});
  KeptGateway& gateway = gateways_[reading.gateway_id];
  gateway.shown.id = reading.gateway_id;
  ++gateway.shown.readings;
  gateway.shown.last = std::max(gateway.shown.last.value_or(reading.received), reading.received);
  gateway.devices.insert(reading.device_id);
}

void Fleet::note_last(DeviceId device, const ShownDevice::Last& last) {
  const std::lock_guard lock(mutex_);
  // One that was deleted meanwhile does not come back.
  if (devices_.count(device) != 0) keep_last(changed(device), last);
}

void Fleet::note(const Alert& alert) {
  const std::lock_guard lock(mutex_);
  if (!alerts_.try_emplace({alert.time, coldchain::alert_id(alert)}, alert).second) return;
  if (alerts_.size() > max_alerts_) alerts_.erase(alerts_.begin());
  ShownDevice& shown = changed(alert.device_id).shown;
  if (!shown.alert || shown.alert->time <= alert.time)
    shown.alert = ShownDevice::LatestAlert{alert.kind, alert.time};
}

Fleet::Changes Fleet::devices_since(std::uint64_t version) const {
  const std::lock_guard lock(mutex_);
  Changes changes{.version = version_, .is_all = version == 0};
  for (const auto& [id, device] : devices_)
    if (device.version > version) changes.devices.push_back(device.shown);
  if (!changes.is_all)
    for (const auto& [id, when] : deleted_)
      if (when > version) changes.deleted.push_back(id);
  return changes;
}

std::vector<Alert> Fleet::alerts(std::optional<DeviceId> device, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<Alert> found;
  for (auto it = alerts_.rbegin(); it != alerts_.rend() && found.size() < limit; ++it)
    if (!device || it->second.device_id == *device) found.push_back(it->second);
  return found;
}

Fleet::Gateways Fleet::gateways() const {
  const std::lock_guard lock(mutex_);
  Gateways answer;
  for (const auto& [id, gateway] : gateways_) {
    answer.list.push_back(gateway.shown);
    answer.devices.push_back(gateway.devices.size());
  }
  return answer;
}

std::vector<DeviceId> Fleet::without_reading() const {
  const std::lock_guard lock(mutex_);
  std::vector<DeviceId> found;
  for (const auto& [id, device] : devices_)
    if (!device.shown.last) found.push_back(id);
  return found;
}

}  // namespace bora::dashboard
