#include "host/control_guard.hpp"

#include <algorithm>
#include <cctype>

#include "connectors/http/target.hpp"

namespace bora::host {

namespace {

using http::find_header;
using http::problem;
using http::Response;

bool equal_words(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

Response unauthorized(std::string_view detail) {
  Response response = problem(401, detail);
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"control plane\""});
  return response;
}

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
  // Only the length of what was sent, which the sender knows, changes the time.
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |=
        static_cast<unsigned char>(a[i]) ^
        static_cast<unsigned>(static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]));
  return difference == 0;
}

bool is_loopback_host(std::string_view host) noexcept {
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  const std::string_view name = host.substr(0, host.find(':'));
  if (equal_words(name, "localhost")) return true;
  return name.starts_with("127.") && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || c == '.';
         });
}

std::optional<Response> ControlGuard::refusal(Access access, const http::Request& request) const {
  const std::string_view host = find_header(request.headers, "Host");
  if (options_.is_loopback && !host.empty() && !is_loopback_host(host))
    return problem(403, "the control plane of this machine was asked as \"" + std::string{host} +
                            "\": ask it as localhost or 127.0.0.1");
  switch (access) {
    case Access::kOpen: return std::nullopt;
    case Access::kRead:
      if (options_.is_loopback || options_.is_reading_open || has_token(request))
        return std::nullopt;
      return unauthorized("from another machine this needs the token: " + options_.token_hint);
    case Access::kChange: return refusal_of_change(request);
  }
  return problem(403, "not allowed");
}

std::optional<Response> ControlGuard::refusal_of_change(const http::Request& request) const {
  if (auto refused = refusal_of_site(request)) return refused;
  if (options_.token.is_empty())
    return problem(403, "nothing can be changed in this process: " + options_.token_hint);
  if (!has_token(request))
    return unauthorized("this needs the token, as Authorization: Bearer TOKEN: " +
                        options_.token_hint);
  // What a form can send is none of it, so a page cannot without asking first.
  const std::string_view type = find_header(request.headers, "Content-Type");
  if (!equal_words(type.substr(0, type.find(';')), "application/json"))
    return problem(415, "send it as Content-Type: application/json, even without a body");
  return std::nullopt;
}

std::optional<Response> ControlGuard::refusal_of_site(const http::Request& request) const {
  const std::string_view site = find_header(request.headers, "Sec-Fetch-Site");
  const std::string_view origin = find_header(request.headers, "Origin");
  const std::string own = (options_.is_tls ? "https://" : "http://") +
                          std::string{find_header(request.headers, "Host")};
  if ((site.empty() || site == "same-origin" || site == "none") &&
      (origin.empty() || equal_words(origin, own)))
    return std::nullopt;
  return problem(403, "another site's page may not change anything here");
}

bool ControlGuard::has_token(const http::Request& request) const {
  const std::string_view given = http::parse_bearer(find_header(request.headers, "Authorization"));
  return !given.empty() && !options_.token.is_empty() &&
         equal_secrets(given, options_.token.reveal());
}

}  // namespace bora::host
