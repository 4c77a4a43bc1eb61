#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace bora::admin {

/// What a user may do; each includes those before it.
enum class Permission : std::uint8_t {
  kRead,   ///< See devices and gateways, and have their secrets checked.
  kWrite,  ///< Create, change and delete devices and gateways.
  kAdmin,  ///< The same for users.
};

[[nodiscard]] constexpr std::string_view to_string(Permission permission) noexcept {
  switch (permission) {
    case Permission::kRead: return "read";
    case Permission::kWrite: return "write";
    case Permission::kAdmin: return "admin";
  }
  return "unknown";
}

[[nodiscard]] constexpr std::optional<Permission> parse_permission(std::string_view text) noexcept {
  for (const auto permission : {Permission::kRead, Permission::kWrite, Permission::kAdmin})
    if (text == to_string(permission)) return permission;
  return std::nullopt;
}

[[nodiscard]] constexpr bool includes(Permission has, Permission needed) noexcept {
  return has >= needed;
}

}  // namespace bora::admin
