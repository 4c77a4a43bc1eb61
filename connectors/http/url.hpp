#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::http {

/// "https://sms.example:8443/v1/send?x=1", taken apart.
struct HttpUrl {
  bool is_https = false;
  std::string host;         ///< A name or a numeric address, IPv6 without its brackets.
  std::uint16_t port = 80;  ///< 443 for https, when the URL names none.
  std::string target;       ///< "/v1/send?x=1"; "/" when there is no path.
};

/// Fails: kInvalid for another scheme, no host, a wrong port, a user or password (which would end up
/// in logs; they belong into a header), a fragment, and bytes that no URL has.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view url);

}  // namespace bora::http
