#include "topologies/coldchain/alert_info.hpp"

#include <string>
#include <string_view>

namespace bora::coldchain {

DeviceInfo device_info(const DeviceEntry& entry) {
  const auto text = [&entry](std::string_view key) {
    const auto found = entry.config.find(key);
    return found == entry.config.end() ? std::string{} : found->second;
  };
  return {
      .name = text("name"), .group = text("group"), .owner = text("owner"), .phone = text("phone")};
}

DeviceInfo device_info(const RegistryView& registry, DeviceId device) {
  const auto entry = registry.device(device);
  return entry ? device_info(*entry) : DeviceInfo{};
}

}  // namespace bora::coldchain
