#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"
#include "connectors/http/message.hpp"
#include "connectors/http/tls.hpp"

namespace bora::http {

/// See parse_http_url() for one that is configured as a URL.
struct ClientOptions {
  std::string host = "127.0.0.1";  ///< A name or a numeric address.
  std::uint16_t port = 80;
  /// For one call as a whole: connect, send, receive.
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_response_bytes = std::size_t{8} << 20;
  std::optional<ClientTls> tls =
      {};  ///< Set: https; `ClientTls{}` trusts the system's authorities.
};

/// One request to send. `headers` go out as given, beside Host and Content-Length.
struct Call {
  Method method = Method::kGet;
  std::string target = "/";
  std::string body = {};
  std::vector<Header> headers = {};
};

/// A blocking HTTP/1.1 client that keeps its one connection open between calls. AsyncClient has
/// several calls in flight.
///
///   http::Client client{{.port = server.port()}};
///   Result<Response> answer = client.post("/v1/reports", body);
///
/// Threads: single-owner.
/// Fails: kUnavailable when no whole response came (no connection, a certificate that is refused,
/// closed, timeout); kInvalid when a file of `tls` cannot be used. The server may have acted on the
/// request all the same, so nothing is sent twice here: that is the caller's to decide. Any response
/// is a success, whatever its status. The next call connects again.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  [[nodiscard]] Result<Response> get(const std::string& target);
  [[nodiscard]] Result<Response> post(const std::string& target, std::string body,
                                      const std::string& content_type = "application/json");
  /// `headers` go out as given, beside Host and Content-Length.
  [[nodiscard]] Result<Response> send(Method method, const std::string& target, std::string body,
                                      const std::vector<Header>& headers);

  /// GET of an answer that goes on: `take` gets its body in pieces as they come, until it returns
  /// false or the server ends it. No piece for ClientOptions::timeout ends it as kUnavailable. The body
  /// of what is returned is empty, save when the status is not 200: then it was not streamed.
  [[nodiscard]] Result<Response> stream(const std::string& target,
                                        const std::vector<Header>& headers,
                                        std::function<bool(std::string_view)> take);

  void disconnect() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::http
