#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bora::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete };

[[nodiscard]] std::string_view to_string(Method method) noexcept;

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

/// The value of the first header of this name, whatever its case; empty when there is none.
[[nodiscard]] std::string_view find_header(const std::vector<Header>& headers,
                                           std::string_view name) noexcept;

/// What stands in a request's path where its route has `{name}`; decoded.
struct PathParameter {
  std::string name;
  std::string value;
  bool operator==(const PathParameter&) const = default;
};

/// One request, whole. Plain data.
struct Request {
  Method method = Method::kGet;
  std::string path;   ///< "/v1/reports": the target up to its '?', not decoded.
  std::string query;  ///< "a=1&b=2": what follows the '?', not decoded.
  std::vector<Header> headers;
  std::string body;
  std::string peer;  ///< "127.0.0.1:50123", for logs.
  std::vector<PathParameter> parameters = {};

  /// The parameter of this name. Requires: the request's route has it.
  [[nodiscard]] const std::string& parameter(std::string_view name) const;
};

/// The address of a peer, without its port: "127.0.0.1", "::1".
[[nodiscard]] std::string_view address_of(std::string_view peer) noexcept;

/// One response, whole. Plain data. Content-Length, Content-Type and Connection are written by the
/// server and are not repeated in `headers`.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<Header> headers = {};
};

[[nodiscard]] Response text(int status, std::string body);
[[nodiscard]] Response json(int status, std::string body);
/// An error for a client, in the form of RFC 9457 (application/problem+json). `detail` says what was
/// wrong and what to do; it may hold any bytes.
[[nodiscard]] Response problem(int status, std::string_view detail);

/// "Not Found" for 404; "Unknown" for what RFC 9110 does not name.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

}  // namespace bora::http
