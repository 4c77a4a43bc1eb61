#include "connectors/http/connection.hpp"

#include <cerrno>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "bora/check.hpp"
#include "connectors/http/tls_context.hpp"

namespace bora::http::internal {

namespace net = boost::asio;
namespace beast = boost::beast;
using net::ip::tcp;

namespace {

std::string authority_of(const ClientOptions& options) {
  const bool is_v6 = options.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

// What the certificate is compared with. An address has no name to send along.
bool expect_name(SSL* tls, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(tls);
  boost::system::error_code code;
  net::ip::make_address(name, code);
  if (!code) return X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  return SSL_set1_host(tls, name.c_str()) == 1 && SSL_set_tlsext_host_name(tls, name.c_str()) == 1;
}

}  // namespace

Connection::Connection(net::io_context& io, const ClientOptions& options)
    : options_(options), resolver_(io), stream_(io) {}

void Connection::exchange(Call call, Done done) {
  BORA_CHECK(!done_, "one exchange at a time on a connection");
  done_ = std::move(done);
  method_ = call.method;
  make_message(std::move(call));
  if (!is_reusable()) disconnect();
  stream_.tcp().expires_after(options_.timeout);  // for all steps together
  if (is_connected_) return write();
  connect();
}

void Connection::make_message(Call call) {
  message_ = {};
  message_.method_string(std::string{to_string(call.method)});
  message_.target(call.target);
  message_.version(11);
  message_.set(beast::http::field::host, authority_of(options_));
  for (const Header& header : call.headers)
    message_.insert(header.name, header.value);
  message_.body() = std::move(call.body);
  message_.prepare_payload();
}

// A server may close an idle connection at any time. Seen before sending, it costs nothing; seen
// after, nobody could tell whether the request took effect. (TLS' goodbye is bytes to be read too.)
bool Connection::is_reusable() {
  if (!is_connected_) return false;
  char byte = 0;
  const auto seen =
      ::recv(stream_.tcp().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && buffer_.size() == 0;
}

void Connection::connect() {
  if (options_.tls && !context_) {
    auto made = make_context(*options_.tls);
    if (!made) {
      net::post(stream_.get_executor(), [this, error = made.error()] { finish(error); });
      return;
    }
    context_ = std::move(made).value();
  }
  Code code;
  const net::ip::address address = net::ip::make_address(options_.host, code);
  if (code) return resolve();
  stream_.tcp().async_connect(tcp::endpoint{address, options_.port},
                              [this](Code connected) { on_connected(connected); });
}

// A name is resolved by the C library, which has timeouts of its own.
void Connection::resolve() {
  resolver_.async_resolve(
      options_.host, std::to_string(options_.port),
      [this](Code code, const tcp::resolver::results_type& found) {
        if (code) return fail("resolving the name of", code);
        stream_.tcp().async_connect(
            found, [this](Code connected, const tcp::endpoint&) { on_connected(connected); });
      });
}

void Connection::on_connected(Code code) {
  if (code) return fail("connecting to", code);
  Code ignored;  // only slower without
  stream_.tcp().socket().set_option(tcp::no_delay{true}, ignored);
  if (options_.tls) return handshake();
  is_connected_ = true;
  write();
}

void Connection::handshake() {
  stream_.begin_tls(context_);
  is_shaking_hands_ = true;
  const std::string& name =
      options_.tls->server_name.empty() ? options_.host : options_.tls->server_name;
  if (!expect_name(stream_.native_tls(), name))
    return fail("TLS with", net::error::invalid_argument);
  stream_.async_handshake(net::ssl::stream_base::client, [this](Code code) {
    if (code) return fail("TLS with", code);
    is_shaking_hands_ = false;
    is_connected_ = true;
    write();
  });
}

void Connection::write() {
  beast::http::async_write(stream_, message_, [this](Code code, std::size_t) {
    sent_ = code;
    read();
  });
}

// Also after a write that failed: a server that refuses early answers without reading on, and its
// answer is worth more than the error.
void Connection::read() {
  parser_.emplace();
  parser_->body_limit(options_.max_response_bytes);
  parser_->skip(method_ == Method::kHead);
  if (take_) return read_head();
  beast::http::async_read(stream_, buffer_, *parser_,
                          [this](Code code, std::size_t) { on_read(code); });
}

void Connection::read_head() {
  parser_->body_limit(boost::none);  // as much as the server has to say
  beast::http::async_read_header(stream_, buffer_, *parser_, [this](Code code, std::size_t) {
    if (code) return on_read(code);
    if (parser_->get().result_int() == 200) return read_piece();
    parser_->body_limit(options_.max_response_bytes);
    beast::http::async_read(stream_, buffer_, *parser_,
                            [this](Code rest, std::size_t) { on_read(rest); });
  });
}

void Connection::read_piece() {
  stream_.tcp().expires_after(options_.timeout);
  beast::http::async_read_some(stream_, buffer_, *parser_,
                               [this](Code code, std::size_t) { on_piece(code); });
}

void Connection::on_piece(Code code) {
  std::string& body = parser_->get().body();
  const bool wants_more = body.empty() || take_(body);
  body.clear();
  if (wants_more && !code && !parser_->is_done()) return read_piece();
  if (wants_more) return on_read(code);
  disconnect();  // in the middle of it
  finish(Response{.status = 200});
}

void Connection::on_read(Code code) {
  if (code) {
    const std::string target{message_.target().data(), message_.target().size()};
    return fail(std::string{to_string(method_)} + " " + target + " on", sent_ ? sent_ : code);
  }
  auto answer = parser_->release();
  Response response;
  response.status = static_cast<int>(answer.result_int());
  response.content_type = std::string{answer[beast::http::field::content_type]};
  for (const auto& field : answer)
    response.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
  response.body = std::move(answer.body());
  if (!answer.keep_alive()) disconnect();
  finish(std::move(response));
}

std::string Connection::reason(const Code& code) {
  if (code == beast::error::timeout)
    return "no answer within " + std::to_string(options_.timeout.count()) + " ms";
  if (code == net::error::operation_aborted) return "the client was closed";
  if (!is_shaking_hands_) return code.message();
  const long verdict = SSL_get_verify_result(stream_.native_tls());
  if (verdict == X509_V_OK) return code.message();
  return std::string{"its certificate is refused: "} + X509_verify_cert_error_string(verdict) +
         "; check its name, its dates and the authority's file";
}

void Connection::fail(const std::string& what, const Code& code) {
  Error error{ErrorKind::kUnavailable, what + " " + options_.host + ":" +
                                           std::to_string(options_.port) +
                                           " failed: " + reason(code)};
  disconnect();
  finish(std::move(error));
}

void Connection::finish(Result<Response> result) {
  message_ = {};
  parser_.reset();
  take_ = nullptr;
  const Done done = std::exchange(done_, nullptr);
  done(std::move(result));
}

void Connection::disconnect() noexcept {
  resolver_.cancel();
  stream_.tcp().close();
  buffer_.clear();
  is_shaking_hands_ = false;
  is_connected_ = false;
}

}  // namespace bora::http::internal
