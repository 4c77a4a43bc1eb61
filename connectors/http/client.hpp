#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bora/status.hpp"
#include "connectors/http/message.hpp"

namespace bora::http {

struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 80;
  /// For one call as a whole: connect, send, receive.
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_response_bytes = std::size_t{8} << 20;
};

/// A blocking HTTP/1.1 client that keeps its one connection open between calls.
///
///   http::Client client{{.port = server.port()}};
///   Result<Response> answer = client.post("/v1/reports", body);
///
/// Threads: single-owner.
/// Fails: kUnavailable when no whole response came (no connection, closed, timeout). The server may
/// have acted on the request all the same, so nothing is sent twice here: that is the caller's to
/// decide. Any response is a success, whatever its status. The next call connects again.
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

  void disconnect() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::http
