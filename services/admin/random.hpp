#pragma once

#include <cstdint>
#include <string>

namespace bora::admin {

/// From the system's generator, by OpenSSL. Threads: any.
[[nodiscard]] std::uint64_t random_device_secret();
/// 160 bits as 40 upper-case hex digits.
[[nodiscard]] std::string random_gateway_secret();

}  // namespace bora::admin
