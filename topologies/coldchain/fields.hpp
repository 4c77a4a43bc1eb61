#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "topologies/coldchain/messages.hpp"

/// The fields of the wire format, as codec.cpp walks them. Private to the codec.
namespace bora::coldchain::internal {

/// In the order of the wire format, which is the order in which missing fields are named.
enum class Field : std::uint8_t {
  kGateway,
  kGatewayId,
  kGatewayToken,
  kDevice,
  kDeviceId,
  kDeviceAuth,
  kReading,
  kTemp,
  kTime,
  kBatt,
  kReceived,
  kIgnored,  ///< Any other.
};

inline constexpr std::array<std::string_view, 11> kFieldNames{
    "gateway", "gateway.id",   "gateway.token", "device",       "device.id", "device.auth",
    "reading", "reading.temp", "reading.time",  "reading.batt", "received"};

using FieldSet = std::uint32_t;
[[nodiscard]] constexpr FieldSet bit(Field field) noexcept {
  return FieldSet{1} << static_cast<unsigned>(field);
}

inline constexpr FieldSet kBothKinds =
    bit(Field::kGateway) | bit(Field::kGatewayId) | bit(Field::kDevice) | bit(Field::kDeviceId) |
    bit(Field::kReading) | bit(Field::kTemp) | bit(Field::kTime) | bit(Field::kBatt);
inline constexpr FieldSet kReportFields =
    kBothKinds | bit(Field::kGatewayToken) | bit(Field::kDeviceAuth);
inline constexpr FieldSet kReadingFields = kBothKinds | bit(Field::kReceived);

/// The field called `key` inside `parent`; kIgnored as parent stands for the record itself.
[[nodiscard]] constexpr Field find_field(Field parent, std::string_view key) noexcept {
  switch (parent) {
    case Field::kIgnored:
      if (key == "gateway") return Field::kGateway;
      if (key == "device") return Field::kDevice;
      if (key == "reading") return Field::kReading;
      if (key == "received") return Field::kReceived;
      break;
    case Field::kGateway:
      if (key == "id") return Field::kGatewayId;
      if (key == "token") return Field::kGatewayToken;
      break;
    case Field::kDevice:
      if (key == "id") return Field::kDeviceId;
      if (key == "auth") return Field::kDeviceAuth;
      break;
    case Field::kReading:
      if (key == "temp") return Field::kTemp;
      if (key == "time") return Field::kTime;
      if (key == "batt") return Field::kBatt;
      break;
    default: break;
  }
  return Field::kIgnored;
}

/// What the walk found; complete only when every required field was seen.
struct FieldValues {
  std::uint64_t gateway_id = 0;
  std::uint64_t device_id = 0;
  std::uint64_t device_auth = 0;
  double temp = 0;
  std::int64_t time = 0;
  std::int64_t received = 0;
  std::uint8_t batt = 0;
  GatewaySecret token;
};

}  // namespace bora::coldchain::internal
