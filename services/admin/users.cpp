#include "services/admin/users.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "services/admin/strict_json.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::admin {

namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxNameBytes = 64;

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string encode_user(const User& user) {
  return nlohmann::json{{"version", kVersion},
                        {"password", user.password_hash},
                        {"permission", to_string(user.permission)},
                        {"generation", user.generation}}
      .dump();
}

Result<User> decode_user(std::string_view name, std::string_view value) {
  const Error corrupt{ErrorKind::kCorrupt, "the stored user " + std::string{name} +
                                               " is not readable by this version; restore the "
                                               "registry from a backup"};
  const auto object = parse_object(value);
  if (!object) return corrupt;
  try {
    const auto permission = parse_permission(object->at("permission").get<std::string>());
    if (object->at("version").get<int>() != kVersion || !permission) return corrupt;
    return User{.name = std::string{name},
                .password_hash = object->at("password").get<std::string>(),
                .permission = *permission,
                .generation = object->at("generation").get<std::uint64_t>()};
  } catch (const nlohmann::json::exception&) {
    return corrupt;
  }
}

bool is_user_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxNameBytes && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) ||
                  std::string_view{"._@-"}.find(c) != std::string_view::npos;
         });
}

std::string fault_of_password(std::string_view password) {
  if (password.size() < kMinPasswordBytes || password.size() > coldchain::kMaxPasswordBytes)
    return "a password has " + std::to_string(kMinPasswordBytes) + " to " +
           std::to_string(coldchain::kMaxPasswordBytes) + " bytes";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(password.begin(), password.end(), is_control))
    return "a password has no control characters";
  return {};
}

}  // namespace bora::admin
