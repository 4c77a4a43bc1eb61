#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bora/status.hpp"
#include "connectors/http/event_stream.hpp"
#include "connectors/http/message.hpp"
#include "connectors/http/responder.hpp"
#include "connectors/http/tls.hpp"

namespace bora::http {

/// Where a server without TLS may be reached from.
enum class Exposure : std::uint8_t {
  kLoopback,   ///< Another address than loopback is refused.
  kPlaintext,  ///< Any address: something in front of it terminates TLS, or the network is trusted.
};

/// What becomes of a connection that is one too many.
enum class WhenFull : std::uint8_t {
  kRefuse,     ///< It is answered 503, or closed without a word when it would be TLS.
  kCloseIdle,  ///< The one that has been silent longest makes room; refused when none is.
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< Numeric, IPv4 or IPv6.
  std::uint16_t port = 0;             ///< 0: any free one, see Server::port().
  std::optional<ServerTls> tls = {};  ///< Set: https, at any address.
  Exposure exposure = Exposure::kLoopback;
  /// Threads that read, write and call handlers. More than one lets handlers run at the same time.
  std::uint32_t threads = 1;
  std::size_t max_body_bytes = std::size_t{1} << 20;         ///< Larger: 413.
  std::uint32_t max_header_bytes = std::uint32_t{16} << 10;  ///< Larger: 431.
  std::size_t max_connections = 1024;
  WhenFull when_full = WhenFull::kRefuse;
  /// The same for the connections of one address, so that one client cannot take all of them.
  std::size_t max_connections_per_address = 1024;
  /// From the first byte of a request to its last; also what TLS may take to be agreed, and a response
  /// to be read. A client that trickles is cut off.
  std::chrono::milliseconds request_timeout{15'000};
  /// How long a connection may stay silent between requests.
  std::chrono::milliseconds idle_timeout{60'000};
  /// A request that its handler has not answered by then gets 503.
  std::chrono::milliseconds answer_timeout{60'000};
  /// Bytes of events that may wait for the reader of a stream; one that is slower is cut off.
  std::size_t max_stream_bytes = std::size_t{256} << 10;
  /// Streams that may be open at once; one more is answered 503.
  std::size_t max_streams = 64;
  /// A stream with nothing to say shows this often that it lives, and sees whether its reader does.
  std::chrono::milliseconds heartbeat{10'000};
  /// Gets one line when a handler throws or connections cannot be accepted. Called on the server's
  /// threads; must not wait. Null drops them.
  std::function<void(const std::string& text)> on_event = {};
};

/// Exact counts since start().
struct ServerStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  ///< For being one too many.
  std::uint64_t connections_open = 0;     ///< Now.
  std::uint64_t requests = 0;  ///< Read whole and handed to a handler or answered 404, 405.
  std::uint64_t requests_rejected = 0;  ///< Malformed or over a limit.
};

/// A small HTTP/1.1 server: keep-alive, requests of one connection one after another.
///
///   http::Server server{{.port = 8080}};
///   server.route(Method::kGet, "/livez", [](const Request&) { return text(200, "ok\n"); });
///   if (Status s = server.start(); !s) return s;
///
/// Threads: thread-safe after start(). Handlers run on the server's threads (see
/// ServerOptions::threads): one that waits holds up every connection, so long work answers through a
/// Responder. What a handler throws is answered 500.
/// Lifetime: the destructor stops without draining.
class Server {
 public:
  using Handler = std::function<Response(const Request&)>;
  using AsyncHandler = std::function<void(Request, Responder)>;
  /// A response refuses; nothing means that the stream goes on for as long as it is held.
  using EventsHandler = std::function<std::optional<Response>(const Request&, EventStream)>;

  explicit Server(ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// `path` is exact, save segments in braces: "/devices/{id}" takes "/devices/7", and the handler finds
  /// "7" in Request::parameter("id"). A segment written out comes before one in braces.
  /// Requires: before start(); one handler for each method and path. HEAD is answered by GET's.
  void route(Method method, const std::string& path, Handler handler);
  void route_async(Method method, const std::string& path, AsyncHandler handler);
  /// GET `path` is answered with server-sent events. The connection serves nothing else afterwards.
  void route_events(const std::string& path, EventsHandler handler);

  /// Listens. Fails: kInvalid for an address that is no address or not allowed and for files of TLS
  /// that cannot be used, kUnavailable when the port is taken.
  Status start();

  /// The port it listens on; 0 before start().
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:8080"; https when it speaks TLS.
  [[nodiscard]] std::string url() const;

  /// Listens no more, closes idle connections, lets requests that have begun be answered, at most
  /// until `drain` from now; then closes what is left and ends the threads. Safe to call twice. Not
  /// from a handler. A handler that does not return holds this up.
  void stop(std::chrono::milliseconds drain);

  [[nodiscard]] ServerStats stats() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::http
