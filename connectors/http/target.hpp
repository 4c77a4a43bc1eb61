#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bora::http {

/// "a%20b" as "a b"; nothing when an escape is broken or makes a NUL. '+' stays '+': these are paths.
[[nodiscard]] std::optional<std::string> decode_percent(std::string_view text);

/// The decoded value of the first `name` in a query ("a=1&b=2"); here '+' is a space. Nothing when
/// there is none or its escapes are broken.
[[nodiscard]] std::optional<std::string> find_in_query(std::string_view query,
                                                       std::string_view name);

/// User and password of an Authorization header: "Basic dXNlcjpwYXNz".
struct BasicAuth {
  std::string user;
  std::string password;
};
/// Nothing when the header is of another scheme or broken (RFC 7617): no strict base64, no colon, or
/// control characters.
[[nodiscard]] std::optional<BasicAuth> parse_basic_auth(std::string_view header);

/// The token of "Bearer TOKEN"; empty when the header is of another scheme or the token has bytes that
/// none has (RFC 6750). Borrowed from `header`.
[[nodiscard]] std::string_view parse_bearer(std::string_view header) noexcept;

}  // namespace bora::http
