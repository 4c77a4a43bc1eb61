#pragma once

#include <cstdint>

#include "topologies/coldchain/messages.hpp"

/// The secrets of simulated devices and gateways: functions of a seed, so that whoever fills a registry
/// for the simulation gets the same. Never for real ones.
namespace bora::gateway {

[[nodiscard]] coldchain::DeviceSecret device_secret(std::uint64_t seed,
                                                    coldchain::DeviceId device_id) noexcept;
/// 40 upper-case hex digits.
[[nodiscard]] coldchain::GatewaySecret gateway_secret(std::uint64_t seed,
                                                      coldchain::GatewayId gateway_id);

}  // namespace bora::gateway
