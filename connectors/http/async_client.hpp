#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "bora/status.hpp"
#include "connectors/http/client.hpp"

namespace bora::http {

struct AsyncClientOptions {
  ClientOptions server = {};  ///< Its timeout counts from when a connection takes the call up.
  std::size_t connections =
      8;  ///< Calls in flight at most; more connections cost the server memory.
  std::size_t max_waiting = 1024;  ///< Calls that wait for a connection; one more is refused.
};

/// An HTTP/1.1 client with several calls in flight to one server, each on a connection of its own.
///
///   http::AsyncClient client{{.server = {.host = "sms.example", .port = 443, .tls = ClientTls{}}}};
///   Status taken = client.send({.method = Method::kPost, .target = "/send", .body = json},
///                              [&](Result<Response> answer) { outcomes.push(std::move(answer)); });
///
/// Calls begin in the order of send(), and end in any.
/// Threads: thread-safe. It has one thread; `done` runs on it and must not wait.
/// Fails: as Client. Nothing is sent twice.
class AsyncClient {
 public:
  using Done = std::function<void(Result<Response>)>;

  explicit AsyncClient(AsyncClientOptions options);
  /// Ends every call that is left with kClosed, each `done` before this returns. Not from `done`.
  ~AsyncClient();
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;

  /// Takes the call, and calls `done` once; or fails without calling it: kUnavailable when too many
  /// wait.
  [[nodiscard]] Status send(Call call, Done done);

  /// Calls that were taken and are not done.
  [[nodiscard]] std::size_t pending() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::http
