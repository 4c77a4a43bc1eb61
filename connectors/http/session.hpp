#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "connectors/http/message.hpp"
#include "connectors/http/router.hpp"
#include "connectors/http/server.hpp"
#include "connectors/http/stream.hpp"

namespace bora::http::internal {

class PostBox;

/// What the sessions of one server share. Outlives them.
/// Threads: thread-safe.
struct SessionContext {
  const ServerOptions& options;
  const Router& router;
  std::shared_ptr<PostBox> box;
  std::function<void(Session*)> on_closed;  ///< Called by the session's destructor.
  /// Null: plain text. Set before the first session.
  std::shared_ptr<boost::asio::ssl::context> tls = {};
  std::atomic<bool> is_stopping{false};
  std::atomic<std::uint64_t> requests{0};  // the two counters are statistics: relaxed throughout
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::size_t> streams{0};  // open now
};

/// One connection: reads a request, has it answered, writes the answer, and so on, one after another.
/// Exactly one asynchronous operation is pending at any time, and it owns the session: when it ends
/// without starting another, the connection is over.
///
///   wait_for_request -> read_header -> (continue) -> read_body -> dispatch -> answer -> write
///          ^------------------------------------------------------------------------------'
///
/// Threads: everything runs on the session's strand, save the functions that say otherwise.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, SessionContext& context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begin: serve requests, or answer one 503 without reading any (not over TLS). Any thread.
  void serve();
  void refuse();
  /// Closes the connection if it is idle; else it closes after the answer under way. Any thread.
  void close_when_idle();
  /// Closes the connection now. Any thread.
  void close_now();
  /// Where it comes from: "127.0.0.1". Any thread.
  [[nodiscard]] std::string_view address() const noexcept { return address_of(peer_); }
  /// The answer to request number `exchange`; ignored when that one has been answered. Any thread.
  void deliver(std::uint64_t exchange, Response response);
  /// There is something in the queue of the stream, or it ended. Any thread.
  void on_events();
  /// Since when it has waited for a request; nothing while it has one. Any thread.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> idle_since() const noexcept;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Full = boost::beast::http::response<boost::beast::http::string_body>;
  using HeadOnly = boost::beast::http::response<boost::beast::http::empty_body>;
  using Code = boost::beast::error_code;

  void shake_hands();
  void wait_for_request();
  void read_header();
  void on_header(Code code);
  void send_continue();
  void read_body();
  void on_request(Code code);
  void dispatch(Method method, Request request);
  void run_handler(const Router::Target& target, Request request);
  void await_answer();
  void run_events(const Server::EventsHandler& handler, const Request& request);
  void begin_events();
  void write_events();
  void on_events_written(Code code);
  void await_events();
  void set_idle(bool is_idle) noexcept;
  void reject(Code code);
  void answer(Response response);
  template <class Body>
  void write(boost::beast::http::response<Body> message);
  void on_written(Code code);
  void say_goodbye();
  void linger();
  void discard_input();
  void close() noexcept;

  SessionContext& context_;
  Stream stream_;
  boost::asio::steady_timer timer_;  // of the answer; of lingering
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::variant<std::monostate, Full, HeadOnly> response_;
  std::string peer_;
  std::shared_ptr<EventQueue> events_;  // with its EventStreams; null when this is no stream
  std::string events_text_;             // being written
  std::uint64_t exchange_ = 0;          // number of the request at hand
  std::size_t discarded_ = 0;
  bool is_idle_ = true;  // between requests, not a byte of the next one seen
  bool is_waiting_for_events_ = false;
  // When is_idle_ began, in ns of the steady clock; 0 while busy. A hint for who makes room: relaxed.
  std::atomic<std::int64_t> idle_since_;
  bool is_awaiting_ = false;  // the handler has request number exchange_
  bool is_head_ = false;      // its method is HEAD
  bool keeps_alive_ = false;  // after its answer
};

}  // namespace bora::http::internal
