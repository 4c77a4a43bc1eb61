#include <charconv>
#include <optional>
#include <utility>

#include "connectors/redis/options.hpp"

namespace bora::redis {

namespace {

constexpr std::uint16_t kSentinelPort = 26379;

Error invalid(std::string what) {
  return {ErrorKind::kInvalid,
          "cannot read the address of Redis: " + std::move(what) +
              "; write redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://... for TLS, or "
              "redis+sentinel://HOST[:PORT],.../MASTER[/DATABASE]"};
}

template <class T>
std::optional<T> read_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  return out;
}

/// What stands before the first `sign`; `text` keeps what stands behind it, nothing without a sign.
std::string_view cut(std::string_view& text, char sign) {
  const std::size_t at = text.find(sign);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return head;
}

Status read_endpoint(std::string_view text, std::uint16_t default_port, Endpoint& out) {
  out.port = default_port;
  std::size_t host_end = text.rfind(':');
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return invalid("a bracket of an IPv6 host is open");
    out.host = text.substr(1, close - 1);
    host_end = close + 1 < text.size() ? close + 1 : std::string_view::npos;
    if (host_end != std::string_view::npos && text[host_end] != ':')
      return invalid("there is something between an IPv6 host and its port");
  } else {
    out.host = text.substr(0, host_end);
  }
  if (out.host.empty()) return invalid("a host is missing");
  if (host_end == std::string_view::npos) return {};
  const auto port = read_number<std::uint16_t>(text.substr(host_end + 1));
  if (!port || *port == 0) return invalid("the port of '" + out.host + "' is no number to 65535");
  out.port = *port;
  return {};
}

Status read_credentials(std::string_view text, RedisOptions& out) {
  const std::size_t colon = text.find(':');
  const bool has_user = colon != std::string_view::npos;
  const auto user = percent_decode(has_user ? text.substr(0, colon) : std::string_view{});
  const auto password = percent_decode(has_user ? text.substr(colon + 1) : text);
  if (!user || !password) return invalid("user or password have a '%' that is no code");
  out.username = *user;
  out.password = *password;
  return {};
}

Status read_query(std::string_view query, RedisOptions& out) {
  while (!query.empty()) {
    std::string_view value = cut(query, '&');
    const std::string_view name = cut(value, '=');
    if (name == "prefix") {
      out.key_prefix = value;
    } else if (name == "ca") {
      out.ca_file = value;
    } else if (name == "timeout" || name == "connect_timeout") {
      const auto ms = read_number<std::uint32_t>(value);
      if (!ms || *ms == 0) return invalid(std::string(name) + " is no number of ms above 0");
      (name == "timeout" ? out.call_timeout : out.connect_timeout) = std::chrono::milliseconds{*ms};
    } else {
      return invalid("'" + std::string(name) +
                     "' is none of prefix, ca, timeout and connect_timeout");
    }
  }
  return {};
}

Status read_path(std::string_view path, RedisOptions& out, bool has_master) {
  if (has_master) {
    out.master = cut(path, '/');
    if (out.master.empty()) return invalid("behind the Sentinels stands no name of a master");
  }
  if (path.empty()) return {};
  const auto database = read_number<std::uint32_t>(path);
  if (!database) return invalid("the database '" + std::string(path) + "' is no number");
  out.database = *database;
  return {};
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<RedisOptions> parse_url(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  const bool is_sentinel = scheme == "redis+sentinel";
  if (colon == std::string_view::npos || (scheme != "redis" && scheme != "rediss" && !is_sentinel))
    return invalid("it begins with none of redis://, rediss:// and redis+sentinel://");
  RedisOptions out;
  if (scheme == "rediss") out.security = Security::kTls;

  std::string_view rest = url.substr(colon + 3);
  std::string_view path = cut(rest, '?');
  if (Status read = read_query(rest, out); !read) return read;
  std::string_view authority = cut(path, '/');
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (Status read = read_credentials(authority.substr(0, at), out); !read) return read;
    authority.remove_prefix(at + 1);
  }
  if (authority.empty()) return invalid("a host is missing");
  out.endpoints.clear();
  while (!authority.empty()) {
    Endpoint endpoint;
    const std::string_view one = is_sentinel ? cut(authority, ',') : std::exchange(authority, {});
    if (Status read = read_endpoint(one, is_sentinel ? kSentinelPort : 6379, endpoint); !read)
      return read;
    out.endpoints.push_back(std::move(endpoint));
  }
  if (Status read = read_path(path, out, is_sentinel); !read) return read;
  return out;
}

}  // namespace bora::redis
