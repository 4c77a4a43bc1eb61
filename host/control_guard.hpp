#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/http/message.hpp"
#include "host/control_routes.hpp"
#include "host/secret.hpp"

namespace bora::host {

struct GuardOptions {
  Secret token = {};             ///< Empty: nothing can be changed.
  std::string token_hint = {};   ///< Where the token is, or why there is none: for people.
  bool is_loopback = true;       ///< Only this machine reaches the control plane.
  bool is_reading_open = false;  ///< From elsewhere, too, reading needs no token.
  bool is_tls = false;
};

/// Decides who may do what with the control plane. Browsers are the reason for most of it: they carry
/// requests of any page to loopback. There are no cookies, so another site's page has no token; it is
/// refused by its Origin, too, and on loopback by the Host, for a name that an attacker points at
/// 127.0.0.1 makes his page one of "the same origin".
/// Threads: immutable after construction.
class ControlGuard {
 public:
  explicit ControlGuard(GuardOptions options) : options_(std::move(options)) {}

  /// Nothing: go on. Else the answer: 401, 403 or 415, which says what to do.
  [[nodiscard]] std::optional<http::Response> refusal(Access access,
                                                      const http::Request& request) const;

 private:
  [[nodiscard]] bool has_token(const http::Request& request) const;
  [[nodiscard]] std::optional<http::Response> refusal_of_site(const http::Request& request) const;
  [[nodiscard]] std::optional<http::Response> refusal_of_change(const http::Request& request) const;

  GuardOptions options_;
};

/// Compares in a time that does not depend on where the two differ.
[[nodiscard]] bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/// Whether "127.0.0.1:9400", "[::1]", "localhost:80" ... names this machine itself.
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

}  // namespace bora::host
