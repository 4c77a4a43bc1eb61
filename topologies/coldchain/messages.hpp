#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/tuple_fields.hpp"

/// What the cold-chain topologies say to each other. README.md shows the wire format.
///
/// Threads: everything here is a plain value; one thread at a time.
namespace bora::coldchain {

/// Identities are types of their own, so that a gateway cannot be looked up as a device. Both hash
/// and compare like the integers they hold.
enum class DeviceId : std::uint64_t {};
enum class GatewayId : std::uint64_t {};

[[nodiscard]] constexpr std::uint64_t to_uint(DeviceId id) noexcept {
  return static_cast<std::uint64_t>(id);
}
[[nodiscard]] constexpr std::uint64_t to_uint(GatewayId id) noexcept {
  return static_cast<std::uint64_t>(id);
}

/// The key of a record of this device: its id as decimal text.
[[nodiscard]] inline std::string record_key(DeviceId id) { return std::to_string(to_uint(id)); }

/// The secret of a device. Has no stream operator, and no text form but the one reveal() is asked for.
class DeviceSecret {
 public:
  constexpr DeviceSecret() noexcept = default;
  constexpr explicit DeviceSecret(std::uint64_t value) noexcept : value_(value) {}
  /// For the check against the registry and for the wire; never for a log or an error text.
  [[nodiscard]] constexpr std::uint64_t reveal() const noexcept { return value_; }
  bool operator==(const DeviceSecret&) const = default;

 private:
  std::uint64_t value_ = 0;
};

/// The secret of a gateway, held inline: a Report allocates nothing and copies as plain bytes. A real
/// token is 40 upper-case hex digits; whether this one is real is for authentication to say.
class GatewaySecret {
 public:
  static constexpr std::size_t kMaxBytes = 64;

  constexpr GatewaySecret() noexcept = default;
  /// Requires: token.size() <= kMaxBytes.
  constexpr explicit GatewaySecret(std::string_view token)
      : size_(static_cast<std::uint8_t>(token.size())) {
    BORA_CHECK(token.size() <= kMaxBytes, "a gateway token longer than kMaxBytes");
    std::copy(token.begin(), token.end(), bytes_.begin());
  }
  /// For the check against the registry and for the wire; never for a log or an error text.
  [[nodiscard]] constexpr std::string_view reveal() const noexcept {
    return {bytes_.data(), size_};
  }
  bool operator==(const GatewaySecret&) const = default;

 private:
  std::array<char, kMaxBytes> bytes_{};
  std::uint8_t size_ = 0;
};

/// One measurement of one device, accepted by authentication: a record of topic `readings`.
struct Reading {
  DeviceId device_id{};
  GatewayId gateway_id{};
  double temperature = 0;    ///< Degrees Celsius, finite.
  WallTime time{};           ///< When it was measured, by the gateway's clock.
  WallTime received{};       ///< When authentication accepted it.
  std::uint8_t battery = 0;  ///< Percent, 0..100.
  bool operator==(const Reading&) const = default;
};

/// What a gateway publishes: a record of topic `reports`.
struct Report {
  DeviceId device_id{};
  GatewayId gateway_id{};
  double temperature = 0;    ///< Degrees Celsius, finite.
  WallTime time{};           ///< When it was measured, by the gateway's clock.
  std::uint8_t battery = 0;  ///< Percent, 0..100.
  DeviceSecret device_secret;
  GatewaySecret gateway_secret;
  bool operator==(const Report&) const = default;
};

/// What the archive needs of a message that it keeps as it is.
struct MessageIdentity {
  DeviceId device_id{};
  GatewayId gateway_id{};
  WallTime time{};  ///< When it was measured.
  bool operator==(const MessageIdentity&) const = default;
};

/// For taps.
inline void tuple_json(const Reading& in, std::string& out) {
  TupleFields(out)
      .add("device", in.device_id)
      .add("gateway", in.gateway_id)
      .add("temperature", in.temperature)
      .add("battery", std::uint32_t{in.battery})
      .add("time", to_millis(in.time));
}

/// The reading of an accepted report, without the secrets.
[[nodiscard]] inline Reading to_reading(const Report& report, WallTime received) noexcept {
  return {.device_id = report.device_id,
          .gateway_id = report.gateway_id,
          .temperature = report.temperature,
          .time = report.time,
          .received = received,
          .battery = report.battery};
}

}  // namespace bora::coldchain
