#include "services/dashboard/fleet_json.hpp"

#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

namespace bora::dashboard {

namespace {

using Json = nlohmann::ordered_json;
using coldchain::to_uint;

// Names come from people, by way of a store that takes any bytes.
std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Id>
std::string id_text(Id id) {
  return std::to_string(to_uint(id));
}

std::string_view standing_text(ShownDevice::Standing standing) {
  switch (standing) {
    case ShownDevice::Standing::kActive: return "active";
    case ShownDevice::Standing::kInactive: return "inactive";
    case ShownDevice::Standing::kUnknown: break;
  }
  return "unknown";
}

void put(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

void put_limits(Json& json, const thresholds::Limits& limits) {
  Json set = Json::object();
  if (std::isfinite(limits.min_temperature)) set["min_temperature"] = limits.min_temperature;
  if (std::isfinite(limits.max_temperature)) set["max_temperature"] = limits.max_temperature;
  if (std::isfinite(limits.min_battery)) set["min_battery"] = limits.min_battery;
  if (!set.empty()) json["limits"] = std::move(set);
}

Json device_json(const ShownDevice& device) {
  Json json{{"id", id_text(device.id)}};
  put(json, "name", device.info.name);
  put(json, "group", device.info.group);
  put(json, "owner", device.info.owner);
  json["state"] = standing_text(device.standing);
  if (device.last)
    json["last"] = {{"time", to_millis(device.last->time)},
                    {"temperature", device.last->temperature},
                    {"battery", device.last->battery}};
  put_limits(json, device.limits);
  if (device.alert)
    json["alert"] = {{"kind", coldchain::to_string(device.alert->kind)},
                     {"time", to_millis(device.alert->time)}};
  return json;
}

// "RUN-VERSION"; 0, which asks for everything, when it is of another run or none at all.
std::uint64_t version_of(std::string_view cursor, std::string_view run) {
  if (!cursor.starts_with(run) || cursor.size() <= run.size() || cursor[run.size()] != '-')
    return 0;
  cursor.remove_prefix(run.size() + 1);
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), version);
  return error == std::errc{} && end == cursor.data() + cursor.size() ? version : 0;
}

}  // namespace

std::string devices_json(const Fleet& fleet, std::string_view run, std::string_view since,
                         WallTime now) {
  const Fleet::Changes changes = fleet.devices_since(version_of(since, run));
  Json json{{"now", to_millis(now)},
            {"cursor", std::string{run} + '-' + std::to_string(changes.version)},
            {"all", changes.is_all}};
  Json& devices = json["devices"] = Json::array();
  for (const ShownDevice& device : changes.devices)
    devices.push_back(device_json(device));
  Json& deleted = json["deleted"] = Json::array();
  for (const coldchain::DeviceId id : changes.deleted)
    deleted.push_back(id_text(id));
  return text(json);
}

std::string alerts_json(const std::vector<coldchain::Alert>& alerts) {
  Json json;
  Json& list = json["alerts"] = Json::array();
  for (const coldchain::Alert& alert : alerts) {
    Json entry{{"id", coldchain::alert_id(alert)},
               {"device", id_text(alert.device_id)},
               {"kind", coldchain::to_string(alert.kind)},
               {"value", alert.value},
               {"limit", alert.limit},
               {"time", to_millis(alert.time)}};
    Json& info = entry["info"] = Json::object();
    put(info, "name", alert.info.name);
    put(info, "group", alert.info.group);
    put(info, "owner", alert.info.owner);  // but not the phone: nobody needs it to look at a curve
    list.push_back(std::move(entry));
  }
  return text(json);
}

std::string gateways_json(const Fleet::Gateways& gateways, WallTime now) {
  Json json{{"now", to_millis(now)}};
  Json& list = json["gateways"] = Json::array();
  for (std::size_t i = 0; i < gateways.list.size(); ++i) {
    const ShownGateway& gateway = gateways.list[i];
    Json entry{{"id", id_text(gateway.id)}};
    put(entry, "name", gateway.name);
    if (gateway.last) entry["last"] = to_millis(*gateway.last);
    entry["readings"] = gateway.readings;
    entry["devices"] = gateways.devices[i];
    list.push_back(std::move(entry));
  }
  return text(json);
}

}  // namespace bora::dashboard
