#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace bora::http::internal {

/// A TCP connection, with TLS on top or without; one type for Beast's algorithms, so that they are
/// compiled once. Timeouts are those of tcp().
/// Threads: single-owner (a strand); one read and one write at a time.
class Stream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  explicit Stream(boost::asio::io_context& io) : tcp_(io) {}
  explicit Stream(boost::asio::ip::tcp::socket&& connected) : tcp_(std::move(connected)) {}

  [[nodiscard]] executor_type get_executor() noexcept { return tcp_.get_executor(); }
  [[nodiscard]] boost::beast::tcp_stream& tcp() noexcept { return tcp_; }
  [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }

  /// From now on everything goes through TLS, beginning with async_handshake(). Again for the next
  /// connection. Requires: no operation is pending.
  void begin_tls(std::shared_ptr<boost::asio::ssl::context> context) {
    tls_.emplace(tcp_, *context);
    context_ = std::move(context);
  }
  /// Requires: is_tls().
  [[nodiscard]] SSL* native_tls() noexcept { return tls_->native_handle(); }

  /// Requires: is_tls().
  template <class Handler>
  void async_handshake(boost::asio::ssl::stream_base::handshake_type side, Handler&& handler) {
    tls_->async_handshake(side, std::forward<Handler>(handler));
  }
  /// Says goodbye in TLS' own words, so that the peer knows that nothing was cut off.
  /// Requires: is_tls().
  template <class Handler>
  void async_tls_shutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    tcp_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    tcp_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  // Shared by the connections of one endpoint.
  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace bora::http::internal
