#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "connectors/http/client.hpp"
#include "connectors/http/stream.hpp"

namespace bora::http::internal {

/// The client's side of one connection: connects when it has to, sends a request, receives its answer.
/// Exactly one asynchronous operation is pending while an exchange is under way.
///
///   (resolve -> connect -> handshake) -> write -> read -> done
///
/// Threads: the one that runs `io`.
/// Lifetime: outlives the operations that it started, so `io` has run out of work before it dies.
class Connection {
 public:
  using Done = std::function<void(Result<Response>)>;
  using Take = std::function<bool(std::string_view)>;

  /// `options` outlive the connection.
  Connection(boost::asio::io_context& io, const ClientOptions& options);

  /// Calls `done` once, from inside io.run(). Requires: no other exchange under way.
  void exchange(Call call, Done done);
  /// The next exchange gives the body of a 200 to `take`, piece by piece, until that returns false.
  void take_body(Take take) { take_ = std::move(take); }
  /// Ends an exchange under way with an error, which `done` gets later, from inside io.run().
  void disconnect() noexcept;

 private:
  using Code = boost::beast::error_code;
  using Message = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void make_message(Call call);
  [[nodiscard]] bool is_reusable();
  void connect();
  void resolve();
  void on_connected(Code code);
  void handshake();
  void write();
  void read();
  void on_read(Code code);
  void read_head();
  void read_piece();
  void on_piece(Code code);
  void fail(const std::string& what, const Code& code);  // once the operation has ended
  void finish(Result<Response> result);
  [[nodiscard]] std::string reason(const Code& code);

  const ClientOptions& options_;
  boost::asio::ip::tcp::resolver resolver_;
  Stream stream_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // shared with stream_; made at first use
  boost::beast::flat_buffer buffer_;
  Message message_;
  std::optional<Parser> parser_;
  Method method_ = Method::kGet;
  Code sent_;
  Done done_;
  Take take_;  // null: bodies come whole
  bool is_shaking_hands_ = false;
  bool is_connected_ = false;  // and TLS is agreed
};

}  // namespace bora::http::internal
