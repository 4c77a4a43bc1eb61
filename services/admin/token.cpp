#include "services/admin/token.hpp"

#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bora/check.hpp"
#include "services/admin/base64url.hpp"
#include "services/admin/strict_json.hpp"

namespace bora::admin {

namespace {

// {"alg":"HS256","typ":"JWT"}: the one header that is written, and the one that is taken.
constexpr std::string_view kHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
constexpr std::string_view kIssuer = "bora-admin";

Error refused(const char* why) { return {ErrorKind::kInvalid, why}; }

std::optional<std::uint64_t> count(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  // Times beyond this would overflow where they are added to.
  return value >> 53 == 0 ? std::optional{value} : std::nullopt;
}

std::optional<Claims> read_claims(const nlohmann::json& object) {
  const auto user = object.find("sub");
  const auto permission = object.find("permission");
  const auto issuer = object.find("iss");
  const auto generation = count(object, "gen");
  const auto issued_at = count(object, "iat");
  const auto expires_at = count(object, "exp");
  if (user == object.end() || !user->is_string() || permission == object.end() ||
      !permission->is_string() || issuer == object.end() || *issuer != kIssuer || !generation ||
      !issued_at || !expires_at)
    return std::nullopt;
  const auto known = parse_permission(permission->get_ref<const std::string&>());
  if (!known) return std::nullopt;
  return Claims{.user = user->get<std::string>(),
                .permission = *known,
                .generation = *generation,
                .issued_at = std::chrono::seconds{*issued_at},
                .expires_at = std::chrono::seconds{*expires_at}};
}

}  // namespace

Tokens::~Tokens() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::array<unsigned char, 32> Tokens::sign(std::string_view text) const {
  std::array<unsigned char, 32> signature{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto* made = HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), bytes,
                          text.size(), signature.data(), &size);
  BORA_CHECK(made != nullptr && size == signature.size(), "HMAC-SHA-256 failed");
  return signature;
}

std::string Tokens::issue(const Claims& claims) const {
  const nlohmann::json payload{{"iss", kIssuer},
                               {"sub", claims.user},
                               {"permission", to_string(claims.permission)},
                               {"gen", claims.generation},
                               {"iat", claims.issued_at.count()},
                               {"nbf", claims.issued_at.count()},
                               {"exp", claims.expires_at.count()}};
  std::string token{kHeader};
  token += '.';
  token += encode_base64url(payload.dump());
  const auto signature = sign(token);
  token += '.';
  token += encode_base64url({reinterpret_cast<const char*>(signature.data()), signature.size()});
  return token;
}

Result<Claims> Tokens::check(std::string_view token, WallTime now) const {
  if (token.size() > kMaxTokenBytes) return refused("malformed");
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return refused("malformed");
  if (token.substr(0, first) != kHeader) return refused("of another kind or algorithm");
  const auto signature = decode_base64url(token.substr(last + 1));
  const auto expected = sign(token.substr(0, last));
  // The signature comes first: nothing that a stranger wrote is parsed.
  if (!signature || signature->size() != expected.size() ||
      CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0)
    return refused("forged");
  const auto payload = decode_base64url(token.substr(first + 1, last - first - 1));
  if (!payload) return refused("malformed");
  const auto object = parse_object(*payload);
  if (!object) return refused("malformed");
  const auto claims = read_claims(*object);
  const auto not_before = count(*object, "nbf");
  if (!claims || !not_before) return refused("malformed");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  if (seconds >= claims->expires_at) return refused("expired");
  if (seconds + kLeeway < std::chrono::seconds{*not_before}) return refused("not yet valid");
  return *claims;
}

}  // namespace bora::admin
