#include "connectors/http/client.hpp"

#include <cerrno>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace bora::http {

namespace net = boost::asio;
namespace beast = boost::beast;
using net::ip::tcp;

// Blocking calls of Asio take no timeout, so each step is an asynchronous one that is run to its end;
// the stream's timer ends it early.
class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)), stream_(io_) {}

  Result<Response> send(Method method, const std::string& target, std::string body,
                        const std::vector<Header>& headers);
  void disconnect() noexcept;

 private:
  using Code = beast::error_code;

  Code connect();
  Code exchange(beast::http::request<beast::http::string_body>& message,
                beast::http::response_parser<beast::http::string_body>& parser);
  bool is_reusable();
  template <class Start>
  Code run(Start start);
  [[nodiscard]] Error failed(const std::string& what, const Code& code);

  ClientOptions options_;
  net::io_context io_{1};
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  bool is_connected_ = false;
};

template <class Start>
beast::error_code Client::Impl::run(Start start) {
  Code result = net::error::would_block;
  start([&result](Code code, auto&&...) { result = code; });
  io_.restart();
  io_.run();
  return result;
}

beast::error_code Client::Impl::connect() {
  tcp::resolver::results_type found;
  Code code;
  const net::ip::address address = net::ip::make_address(options_.host, code);
  if (!code) {
    code = run([&](auto done) {
      stream_.async_connect(tcp::endpoint{address, options_.port}, done);
    });
  } else {
    // A name is resolved by the C library, which has timeouts of its own.
    tcp::resolver resolver{io_};
    found = resolver.resolve(options_.host, std::to_string(options_.port), code);
    if (code) return code;
    code = run([&](auto done) { stream_.async_connect(found, done); });
  }
  if (code) return code;
  Code ignored;  // only slower without
  stream_.socket().set_option(tcp::no_delay{true}, ignored);
  is_connected_ = true;
  return {};
}

// A server may close an idle connection at any time. Seen before sending, it costs nothing; seen
// after, nobody could tell whether the request took effect.
bool Client::Impl::is_reusable() {
  if (!is_connected_) return false;
  char byte = 0;
  const auto seen = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && buffer_.size() == 0;
}

beast::error_code Client::Impl::exchange(
    beast::http::request<beast::http::string_body>& message,
    beast::http::response_parser<beast::http::string_body>& parser) {
  const Code sent = run([&](auto done) { beast::http::async_write(stream_, message, done); });
  // A server that refuses early answers without reading on: its answer is worth more than the error.
  const Code received =
      run([&](auto done) { beast::http::async_read(stream_, buffer_, parser, done); });
  return received && sent ? sent : received;
}

Error Client::Impl::failed(const std::string& what, const Code& code) {
  disconnect();
  const bool timed_out = code == beast::error::timeout;
  return {ErrorKind::kUnavailable,
          what + " " + options_.host + ":" + std::to_string(options_.port) + " failed: " +
              (timed_out ? "no answer within " + std::to_string(options_.timeout.count()) + " ms"
                         : code.message())};
}

Result<Response> Client::Impl::send(Method method, const std::string& target, std::string body,
                                    const std::vector<Header>& headers) {
  beast::http::request<beast::http::string_body> message;
  message.method_string(std::string{to_string(method)});
  message.target(target);
  message.version(11);
  message.set(beast::http::field::host, options_.host + ":" + std::to_string(options_.port));
  for (const Header& header : headers)
    message.insert(header.name, header.value);
  message.body() = std::move(body);
  message.prepare_payload();

  if (!is_reusable()) disconnect();
  stream_.expires_after(options_.timeout);
  if (!is_connected_)
    if (const Code code = connect()) return failed("connecting to", code);

  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(options_.max_response_bytes);
  parser.skip(method == Method::kHead);
  const std::string what = std::string{to_string(method)} + " " + target + " on";
  if (const Code code = exchange(message, parser)) return failed(what, code);

  auto answer = parser.release();
  Response response;
  response.status = static_cast<int>(answer.result_int());
  response.content_type = std::string{answer[beast::http::field::content_type]};
  for (const auto& field : answer)
    response.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
  response.body = std::move(answer.body());
  if (!answer.keep_alive()) disconnect();
  return response;
}

void Client::Impl::disconnect() noexcept {
  stream_.close();
  buffer_.clear();
  is_connected_ = false;
}

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Response> Client::get(const std::string& target) {
  return send(Method::kGet, target, {}, {});
}

Result<Response> Client::post(const std::string& target, std::string body,
                              const std::string& content_type) {
  return send(Method::kPost, target, std::move(body), {{"Content-Type", content_type}});
}

Result<Response> Client::send(Method method, const std::string& target, std::string body,
                              const std::vector<Header>& headers) {
  return impl_->send(method, target, std::move(body), headers);
}

void Client::disconnect() noexcept { impl_->disconnect(); }

}  // namespace bora::http
