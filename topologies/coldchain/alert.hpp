#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/tuple_fields.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

/// What people are told: a record of topic `alerts`, key = device id as decimal text.
///
/// Threads: values and free functions; any thread.
namespace bora::coldchain {

enum class AlertKind : std::uint8_t { kTooHot, kTooCold, kLowBattery, kSilent, kBack };

/// `too_hot`, `too_cold`, `low_battery`, `silent`, `back`: part of the wire format and of alert ids.
[[nodiscard]] std::string_view to_string(AlertKind kind) noexcept;
[[nodiscard]] std::optional<AlertKind> parse_alert_kind(std::string_view text) noexcept;

/// What the registry says about a device, for people. Empty: not known.
struct DeviceInfo {
  std::string name = {};
  std::string group = {};
  std::string owner = {};
  std::string phone = {};
  bool operator==(const DeviceInfo&) const = default;
};

struct Alert {
  DeviceId device_id{};
  AlertKind kind{};
  /// Degrees Celsius, percent of battery, or, for kSilent and kBack, seconds without a reading. Finite.
  double value = 0;
  double limit = 0;  ///< What `value` is beyond, in the same unit. Finite.
  /// When the reading was measured that the alert is about; for kSilent, the last one before the silence.
  WallTime time{};
  DeviceInfo info = {};
  bool operator==(const Alert&) const = default;
};

/// For taps: without what the registry says of people.
inline void tuple_json(const Alert& in, std::string& out) {
  TupleFields(out)
      .add("device", in.device_id)
      .add("kind", to_string(in.kind))
      .add("value", in.value)
      .add("limit", in.limit)
      .add("time", to_millis(in.time));
}

/// `DEVICE-KIND-MILLISECONDS`, such as "123-too_hot-1466380800123": device, kind and time of the reading
/// are all that it is made of, so the same reading makes the same id in every process and at every
/// replay. It is the `id` of the record and the idempotency key of notifications.
[[nodiscard]] std::string alert_id(DeviceId device, AlertKind kind, WallTime time);
[[nodiscard]] inline std::string alert_id(const Alert& alert) {
  return alert_id(alert.device_id, alert.kind, alert.time);
}

/// Appends the alert to `out`, in one line; what is not known of the device is left out:
///
///   {"id":"123-too_hot-1466380800123","device":123,"kind":"too_hot","value":9.5,"limit":8.0,
///    "time":1466380800123,"info":{"name":"Milk","group":"Shop 4","owner":"Ana","phone":"+351..."}}
///
/// Requires finite numbers. Bytes in `info` that are not UTF-8 become U+FFFD.
void write_alert(const Alert& alert, std::string& out);

/// A record of topic `alerts`. Strict as parse_report() is: one JSON object, required fields once, with
/// their types and ranges; `id` must be the one that alert_id() makes. `info` and what it holds may be
/// missing; other fields are ignored.
[[nodiscard]] Parsed<Alert> parse_alert(std::string_view bytes);

/// One sentence for a person's phone, without a sign that would double the price of a text message
/// unless the device's name or group holds one: "Milk (Shop 4): 9.5 C, above 8 C, at
/// 2016-06-20T00:00:00Z".
[[nodiscard]] std::string notification_text(const Alert& alert);

}  // namespace bora::coldchain
