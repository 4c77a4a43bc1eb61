#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "services/gateway/measurements.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::demo {

/// What is wrong with a device, so that the demonstration has something to show.
enum class Role : std::uint8_t {
  kGood,
  kWrongSecret,         ///< One in ten of its reports has a wrong secret.
  kInactive,            ///< It was never switched on.
  kDeleted,             ///< It was deleted from the registry and still reports.
  kUnknownGateway,      ///< One in ten of its reports names a gateway that is not registered.
  kWrongGatewaySecret,  ///< One in ten of its reports has a wrong secret of its gateway.
  kFallsSilent,         ///< Its last reading is over an hour old: it comes late, newest first.
  kComesBack,           ///< The same, and then it reports again.
};

struct CastDevice {
  Role role{};
  std::size_t gateway = 0;        ///< Index of the gateway that it reports through.
  coldchain::Config config = {};  ///< Name, owner, and limits that some of the readings are beyond.
  /// Oldest first, at the times at which they are reported. Their device ids mean nothing.
  std::vector<gateway::Measurement> readings = {};
  /// These two are given by the admin API.
  coldchain::DeviceId id{};
  coldchain::DeviceSecret secret = {};

  [[nodiscard]] bool is_late() const noexcept {
    return role == Role::kFallsSilent || role == Role::kComesBack;
  }
};

struct CastGateway {
  coldchain::GatewayId id{};
  coldchain::GatewaySecret secret = {};
};

/// Who takes part.
struct Cast {
  std::vector<CastDevice> devices;
  std::vector<CastGateway> gateways;

  [[nodiscard]] std::uint64_t readings() const noexcept;
};

struct CastOptions {
  WallTime now{};  ///< The last readings were taken then, or an hour and a quarter before.
  std::size_t gateways = 3;
  /// A mote's readings are those of several devices, so many each: forty minutes. So none is silent but
  /// those that are meant to be, however long the demonstration takes. The first mote stays whole.
  std::size_t readings_each = 480;
};

/// Fridges made of motes: who they are and what they report, without ids and secrets. The same
/// measurements give the same cast.
[[nodiscard]] Cast make_cast(gateway::Measurements& motes, const CastOptions& options);

}  // namespace bora::demo
