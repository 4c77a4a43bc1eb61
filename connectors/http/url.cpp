#include "connectors/http/url.hpp"

#include <algorithm>
#include <charconv>

namespace bora::http {

namespace {

// The URL is quoted only where it holds no password.
Error wrong(std::string_view url, const std::string& why) {
  return {ErrorKind::kInvalid, "\"" + std::string{url} + "\" is no URL that can be called: " + why +
                                   "; write it as https://host:port/path"};
}

bool is_plain(char c) noexcept { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }

// Takes ":8443"; an empty text leaves the default.
bool take_port(std::string_view text, std::uint16_t& port) {
  if (text.empty()) return true;
  if (text.front() != ':') return false;
  text.remove_prefix(1);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
  HttpUrl parsed;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    parsed.is_https = true;
    parsed.port = 443;
  } else if (!rest.starts_with("http://")) {
    const auto colon = url.find(':');
    return wrong(url.substr(0, colon == std::string_view::npos ? 0 : colon),
                 "it begins with neither http:// nor https://");
  }
  rest.remove_prefix(parsed.is_https ? 8 : 7);
  const auto slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view target = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos)
    return wrong(authority.substr(authority.rfind('@') + 1), "a user before the @ is not taken");
  if (!std::all_of(url.begin(), url.end(), is_plain))
    return wrong(authority, "it holds spaces or other bytes that must be escaped");
  if (target.find('#') != std::string_view::npos) return wrong(authority, "it has a fragment");
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return wrong(authority, "its [ is not closed");
    port = authority.substr(end + 1);
    parsed.host = std::string{authority.substr(1, end - 1)};
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    port = authority.substr(colon);
    parsed.host = std::string{authority.substr(0, colon)};
  }
  if (parsed.host.empty()) return wrong(authority, "it names no host");
  if (!take_port(port, parsed.port)) return wrong(authority, "its port is none of 1 to 65535");
  parsed.target = target.starts_with('/') ? std::string{target} : "/" + std::string{target};
  return parsed;
}

}  // namespace bora::http
