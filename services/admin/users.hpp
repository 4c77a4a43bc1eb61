#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bora/status.hpp"
#include "services/admin/permission.hpp"

namespace bora::admin {

/// Somebody who may log in.
struct User {
  std::string name;
  std::string password_hash;  ///< bcrypt; never shown.
  Permission permission = Permission::kRead;
  /// Another number after each change and for each new user: tokens of an earlier one are worthless.
  std::uint64_t generation = 0;
  bool operator==(const User&) const = default;
};

/// The stored form. JSON with a version, like the registry's records.
[[nodiscard]] std::string encode_user(const User& user);
/// Fails: kCorrupt, naming the user and never the hash.
[[nodiscard]] Result<User> decode_user(std::string_view name, std::string_view value);

/// 1 to 64 letters, digits and "._@-", the first a letter or digit.
[[nodiscard]] bool is_user_name(std::string_view name) noexcept;

inline constexpr std::size_t kMinPasswordBytes = 8;
/// Why nobody may have this password; empty when somebody may. Never holds the password.
[[nodiscard]] std::string fault_of_password(std::string_view password);

}  // namespace bora::admin
