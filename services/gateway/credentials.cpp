#include "services/gateway/credentials.hpp"

#include <string>
#include <string_view>

#include "services/gateway/random.hpp"

namespace bora::gateway {
namespace {

// Streams of their own, also where a device and a gateway have the same number.
constexpr std::uint64_t kDevices = 0x646576696365u;
constexpr std::uint64_t kGateways = 0x67617465u;

}  // namespace

coldchain::DeviceSecret device_secret(std::uint64_t seed, coldchain::DeviceId device_id) noexcept {
  return coldchain::DeviceSecret{Random{seed ^ kDevices, to_uint(device_id)}.next()};
}

coldchain::GatewaySecret gateway_secret(std::uint64_t seed, coldchain::GatewayId gateway_id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  Random random{seed ^ kGateways, to_uint(gateway_id)};
  std::string token;
  for (int i = 0; i < 40; ++i)
    token += kDigits[random.below(kDigits.size())];
  return coldchain::GatewaySecret{token};
}

}  // namespace bora::gateway
