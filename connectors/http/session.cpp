#include "connectors/http/session.hpp"

#include <exception>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "bora/check.hpp"
#include "connectors/http/post_box.hpp"

namespace bora::http::internal {

namespace net = boost::asio;
namespace beast = boost::beast;
using net::ip::tcp;

namespace {

constexpr std::size_t kFirstRead = 4096;
// After the last answer the connection is read on for a moment: closing a socket with unread input
// sends a reset, which can destroy the answer on its way to a client that is still sending.
constexpr std::chrono::milliseconds kLinger{1'000};
constexpr std::size_t kLingerBytes = std::size_t{16} << 20;

std::optional<Method> method_of(beast::http::verb verb) noexcept {
  switch (verb) {
    case beast::http::verb::get: return Method::kGet;
    case beast::http::verb::head: return Method::kHead;
    case beast::http::verb::post: return Method::kPost;
    case beast::http::verb::put: return Method::kPut;
    case beast::http::verb::patch: return Method::kPatch;
    case beast::http::verb::delete_: return Method::kDelete;
    default: return std::nullopt;
  }
}

std::string name_of(const tcp::socket& socket) {
  beast::error_code code;
  const tcp::endpoint peer = socket.remote_endpoint(code);
  if (code) return {};
  const std::string address = peer.address().to_string();
  return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(peer.port());
}

// beast::string_view is Boost's own type in 1.81.
std::string_view view_of(beast::string_view text) noexcept { return {text.data(), text.size()}; }

Request request_of(beast::http::request<beast::http::string_body>&& message, Method method,
                   std::string peer) {
  Request request;
  request.method = method;
  const std::string_view target = view_of(message.target());
  const std::size_t mark = target.find('?');
  request.path = std::string{target.substr(0, mark)};
  if (mark != std::string_view::npos) request.query = std::string{target.substr(mark + 1)};
  for (const auto& field : message)
    request.headers.push_back(
        {std::string{view_of(field.name_string())}, std::string{view_of(field.value())}});
  request.body = std::move(message.body());
  request.peer = std::move(peer);
  return request;
}

template <class Body>
void fill_head(beast::http::response<Body>& message, const Response& response) {
  message.result(static_cast<unsigned>(response.status));
  message.reason(std::string{reason_of(response.status)});
  if (!response.content_type.empty())
    message.set(beast::http::field::content_type, response.content_type);
  for (const Header& header : response.headers)
    message.insert(header.name, header.value);
}

constexpr std::string_view kEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";

std::int64_t steady_now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1};
}

}  // namespace

Session::Session(tcp::socket socket, SessionContext& context)
    : context_(context),
      stream_(std::move(socket)),
      timer_(stream_.get_executor()),
      peer_(name_of(stream_.tcp().socket())),
      idle_since_(steady_now()) {
  beast::error_code ignored;  // a socket that cannot do without delay is only slower
  stream_.tcp().socket().set_option(tcp::no_delay{true}, ignored);
}

Session::~Session() {
  if (events_) {
    events_->end();
    --context_.streams;
  }
  context_.on_closed(this);
}

void Session::serve() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    if (self->context_.tls) return self->shake_hands();
    self->wait_for_request();
  });
}

// Counts as idle: a stop need not wait for it.
void Session::shake_hands() {
  stream_.begin_tls(context_.tls);
  stream_.tcp().expires_after(context_.options.request_timeout);
  stream_.async_handshake(net::ssl::stream_base::server, [self = shared_from_this()](Code code) {
    if (code) return self->close();
    self->wait_for_request();
  });
}

void Session::refuse() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    self->set_idle(false);
    Response response = problem(503, "too many connections: try again later, or use fewer");
    response.headers.push_back({"Retry-After", "1"});
    self->answer(std::move(response));
  });
}

void Session::close_when_idle() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    if (self->is_idle_ || self->events_) self->close();
  });
}

void Session::close_now() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->close(); });
}

void Session::deliver(std::uint64_t exchange, Response response) {
  net::dispatch(stream_.get_executor(),
                [self = shared_from_this(), exchange, response = std::move(response)]() mutable {
                  if (!self->is_awaiting_ || exchange != self->exchange_) return;
                  self->timer_.cancel();
                  self->answer(std::move(response));
                });
}

void Session::wait_for_request() {
  if (buffer_.size() > 0) return read_header();  // it came with the one before
  if (context_.is_stopping) return close();
  set_idle(true);
  stream_.tcp().expires_after(context_.options.idle_timeout);
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this()](Code code, std::size_t bytes) {
                            if (code) return self->close();
                            self->buffer_.commit(bytes);
                            self->read_header();
                          });
}

void Session::read_header() {
  set_idle(false);
  parser_.emplace();
  parser_->header_limit(context_.options.max_header_bytes);
  parser_->body_limit(context_.options.max_body_bytes);
  stream_.tcp().expires_after(context_.options.request_timeout);  // for header and body together
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Code code, std::size_t) { self->on_header(code); });
}

void Session::on_header(Code code) {
  if (code) return reject(code);
  const beast::string_view expect = parser_->get()[beast::http::field::expect];
  if (!parser_->is_done() && beast::iequals(expect, "100-continue")) return send_continue();
  read_body();
}

void Session::send_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  net::async_write(stream_, net::buffer(kContinue.data(), kContinue.size()),
                   [self = shared_from_this()](Code code, std::size_t) {
                     if (code) return self->close();
                     self->read_body();
                   });
}

void Session::read_body() {
  if (parser_->is_done()) return on_request({});
  beast::http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Code code, std::size_t) { self->on_request(code); });
}

void Session::on_request(Code code) {
  if (code) return reject(code);
  context_.requests.fetch_add(1, std::memory_order_relaxed);
  auto message = parser_->release();
  parser_.reset();
  // HTTP/1.0 clients are answered once: keeping their connection would need a header of its own.
  keeps_alive_ = message.keep_alive() && message.version() >= 11 && !context_.is_stopping;
  const std::optional<Method> method = method_of(message.method());
  is_head_ = method == Method::kHead;
  if (!method) return answer(problem(501, "this server knows GET, HEAD, POST, PUT, PATCH, DELETE"));
  dispatch(*method, request_of(std::move(message), *method, peer_));
}

void Session::dispatch(Method method, Request request) {
  Router::Match match = context_.router.find(method, request.path);
  if (match.target != nullptr) {
    request.parameters = std::move(match.parameters);
    return run_handler(*match.target, std::move(request));
  }
  if (match.is_malformed)
    return answer(problem(400, request.path + " holds a % that begins no escape such as %20"));
  if (match.allow.empty()) return answer(problem(404, "there is no " + request.path + " here"));
  Response response = problem(405, request.path + " takes " + match.allow);
  response.headers.push_back({"Allow", match.allow});
  answer(std::move(response));
}

void Session::run_handler(const Router::Target& target, Request request) {
  const std::string path = request.path;
  std::string thrown;
  try {
    if (const auto* handler = std::get_if<Server::Handler>(&target))
      return answer((*handler)(request));
    if (const auto* handler = std::get_if<Server::EventsHandler>(&target))
      return run_events(*handler, request);
    await_answer();
    Responder responder{context_.box, weak_from_this(), exchange_};
    return std::get<Server::AsyncHandler>(target)(std::move(request), std::move(responder));
  } catch (const std::exception& error) {
    thrown = error.what();
  } catch (...) {
    thrown = "an exception that is no std::exception";
  }
  if (context_.options.on_event)
    context_.options.on_event("handler of " + path + " threw: " + thrown);
  // An asynchronous handler that threw has destroyed its responder, which answers 500 by itself.
  if (!is_awaiting_) answer(problem(500, "the handler failed; the server's log says why"));
}

void Session::await_answer() {
  is_awaiting_ = true;
  ++exchange_;
  stream_.tcp().expires_never();
  timer_.expires_after(context_.options.answer_timeout);
  timer_.async_wait([self = shared_from_this(), exchange = exchange_](Code) {
    // Also called when an answer or a close cancelled it; the number tells when the two cross.
    if (self->is_awaiting_ && exchange == self->exchange_)
      self->answer(problem(503, "no answer in time; the request may still take effect"));
  });
}

void Session::run_events(const Server::EventsHandler& handler, const Request& request) {
  if (is_head_) return answer({.content_type = "text/event-stream"});
  if (context_.streams >= context_.options.max_streams)
    return answer(problem(503, "too many streams are open: close one, or try again later"));
  const auto queue = std::make_shared<EventQueue>(context_.options.max_stream_bytes);
  std::optional<Response> refusal =
      handler(request, EventStream{context_.box, weak_from_this(), queue});
  if (refusal) return answer(std::move(*refusal));
  events_ = queue;
  ++context_.streams;
  begin_events();
}

// The body ends with the connection: nothing is said of its length, and no chunks are counted.
void Session::begin_events() {
  keeps_alive_ = false;
  events_text_ = kEventsHead;
  write_events();
}

void Session::write_events() {
  stream_.tcp().expires_after(context_.options.request_timeout);
  net::async_write(
      stream_, net::buffer(events_text_),
      [self = shared_from_this()](Code code, std::size_t) { self->on_events_written(code); });
}

void Session::on_events_written(Code code) {
  if (code || context_.is_stopping) return close();
  EventQueue::Portion portion = events_->take();
  if (portion.is_cut) return close();
  events_text_ = std::move(portion.text);
  if (!events_text_.empty()) return write_events();
  if (!portion.is_ended) return await_events();
  if (stream_.is_tls()) return say_goodbye();
  linger();
}

void Session::await_events() {
  is_waiting_for_events_ = true;
  stream_.tcp().expires_never();
  timer_.expires_after(context_.options.heartbeat);
  timer_.async_wait([self = shared_from_this()](Code code) {
    self->is_waiting_for_events_ = false;
    if (!self->stream_.tcp().socket().is_open()) return;
    if (!code) self->events_->push_heartbeat();
    self->on_events_written({});
  });
}

void Session::on_events() {
  net::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    if (self->is_waiting_for_events_) self->timer_.cancel();
  });
}

void Session::set_idle(bool is_idle) noexcept {
  is_idle_ = is_idle;
  idle_since_.store(is_idle ? steady_now() : 0, std::memory_order_relaxed);
}

std::optional<std::chrono::steady_clock::time_point> Session::idle_since() const noexcept {
  const std::int64_t since = idle_since_.load(std::memory_order_relaxed);
  if (since == 0) return std::nullopt;
  return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{since}};
}

// Tells the client what was wrong with its request, where the connection still allows it.
void Session::reject(Code code) {
  if (code == beast::http::error::end_of_stream || code == beast::error::timeout) return close();
  if (code.category() != beast::http::make_error_code(beast::http::error::bad_method).category())
    return close();
  context_.rejected.fetch_add(1, std::memory_order_relaxed);
  keeps_alive_ = false;  // where the next request would begin is unknown
  is_head_ = false;
  if (code == beast::http::error::body_limit)
    return answer(problem(413, "the body is over " +
                                   std::to_string(context_.options.max_body_bytes) +
                                   " bytes: send less at once"));
  if (code == beast::http::error::header_limit)
    return answer(problem(
        431, "the header is over " + std::to_string(context_.options.max_header_bytes) + " bytes"));
  answer(problem(400, "this is not an HTTP/1.1 request: " + code.message()));
}

void Session::answer(Response response) {
  is_awaiting_ = false;
  if (context_.is_stopping) keeps_alive_ = false;
  if (is_head_) {
    HeadOnly message;
    fill_head(message, response);
    message.content_length(response.body.size());
    return write(std::move(message));
  }
  Full message;
  fill_head(message, response);
  message.body() = std::move(response.body);
  message.prepare_payload();
  write(std::move(message));
}

template <class Body>
void Session::write(beast::http::response<Body> message) {
  using Message = beast::http::response<Body>;
  message.version(11);
  message.keep_alive(keeps_alive_);
  response_ = std::move(message);
  stream_.tcp().expires_after(context_.options.request_timeout);
  beast::http::async_write(
      stream_, std::get<Message>(response_),
      [self = shared_from_this()](Code code, std::size_t) { self->on_written(code); });
}

void Session::on_written(Code code) {
  response_ = {};
  if (code) return close();
  if (keeps_alive_) return wait_for_request();
  if (stream_.is_tls()) return say_goodbye();
  linger();
}

void Session::say_goodbye() {
  stream_.tcp().expires_after(kLinger);
  stream_.async_tls_shutdown([self = shared_from_this()](Code) { self->linger(); });
}

void Session::linger() {
  beast::error_code ignored;  // it may be closed from the other side already
  stream_.tcp().socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.tcp().expires_after(kLinger);
  discard_input();
}

// Below TLS, if there is any: nobody reads what this is.
void Session::discard_input() {
  buffer_.clear();
  stream_.tcp().async_read_some(buffer_.prepare(kFirstRead),
                                [self = shared_from_this()](Code code, std::size_t bytes) {
                                  self->discarded_ += bytes;
                                  if (code || self->discarded_ > kLingerBytes) return self->close();
                                  self->discard_input();
                                });
}

void Session::close() noexcept {
  is_awaiting_ = false;
  if (events_) events_->end();
  timer_.cancel();
  stream_.tcp().close();
}

}  // namespace bora::http::internal

namespace bora::http {

Responder::Responder(std::shared_ptr<internal::PostBox> box,
                     std::weak_ptr<internal::Session> session, std::uint64_t exchange) noexcept
    : box_(std::move(box)), session_(std::move(session)), exchange_(exchange) {}

Responder::~Responder() {
  if (box_ != nullptr) settle(problem(500, "the server gave up this request unanswered"));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  if (box_ != nullptr) settle(problem(500, "the server gave up this request unanswered"));
  box_ = std::move(other.box_);
  session_ = std::move(other.session_);
  exchange_ = other.exchange_;
  return *this;
}

void Responder::answer(Response response) && { settle(std::move(response)); }

void Responder::settle(Response response) {
  BORA_CHECK(box_ != nullptr, "a Responder answers once");
  const auto box = std::move(box_);
  box->post([session = std::move(session_), exchange = exchange_,
             response = std::move(response)]() mutable {
    if (const auto alive = session.lock()) alive->deliver(exchange, std::move(response));
  });
}

}  // namespace bora::http
