#pragma once

#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/coldchain/registry_view.hpp"

namespace bora::coldchain {

/// What the registry's config says of a device for people: the keys `name`, `group`, `owner` and
/// `phone`.
[[nodiscard]] DeviceInfo device_info(const DeviceEntry& entry);

/// The same for the device of an alert; empty when it is not registered (any more).
[[nodiscard]] DeviceInfo device_info(const RegistryView& registry, DeviceId device);

}  // namespace bora::coldchain
