#include "connectors/http/server.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "bora/check.hpp"
#include "connectors/http/post_box.hpp"
#include "connectors/http/session.hpp"
#include "connectors/http/tls_context.hpp"

namespace bora::http {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

// Sessions that only answer 503 are bounded too; past this, connections are closed without a word.
constexpr std::size_t kRefusalsAtOnce = 256;
constexpr std::chrono::milliseconds kAcceptPause{100};

Result<tcp::endpoint> endpoint_of(const ServerOptions& options) {
  boost::system::error_code code;
  const net::ip::address address = net::ip::make_address(options.address, code);
  if (code)
    return Error{
        ErrorKind::kInvalid,
        "cannot listen on \"" + options.address +
            "\": not a numeric address; write 127.0.0.1, ::1, 0.0.0.0 or one of this machine"};
  if (!address.is_loopback() && !options.tls && options.exposure == Exposure::kLoopback)
    return Error{
        ErrorKind::kInvalid,
        "will not listen on " + options.address +
            ": it is not loopback and this server has no TLS configured; give it a certificate, "
            "listen on 127.0.0.1, or allow plain text on purpose"};
  return tcp::endpoint{address, options.port};
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(ServerOptions options);
  ~Impl() { stop(std::chrono::milliseconds{0}); }

  Status start();
  void stop(std::chrono::milliseconds drain);
  [[nodiscard]] std::string url() const;
  [[nodiscard]] ServerStats stats() const noexcept;

  internal::Router router;
  std::atomic<std::uint16_t> port{0};

 private:
  Status listen(const tcp::endpoint& endpoint);
  void accept();
  void on_accept(boost::system::error_code code, tcp::socket socket);
  void add_session(tcp::socket socket);
  void remove_session(internal::Session* session);
  /// Has the connection closed that has been silent longest. False when none is silent.
  bool make_room(const internal::Session& newest);
  /// What is open now; never called with mutex_ held, for a session may end when the list does.
  std::vector<std::shared_ptr<internal::Session>> open_sessions();

  ServerOptions options_;
  net::io_context io_;
  net::executor_work_guard<net::io_context::executor_type> work_;
  tcp::acceptor acceptor_;          // io_'s threads, once started
  net::steady_timer accept_pause_;  // likewise
  internal::SessionContext context_;
  std::vector<std::thread> threads_;
  std::mutex stop_mutex_;  // one stop() at a time
  bool is_started_ = false;

  std::mutex mutex_;  // guards sessions_ and addresses_
  std::condition_variable session_ended_;
  std::unordered_map<internal::Session*, std::weak_ptr<internal::Session>> sessions_;
  std::unordered_map<std::string, std::size_t> addresses_;  // how many sessions each has
  std::atomic<std::uint64_t> open_{0};  // the three are statistics: relaxed throughout
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> refused_{0};
};

Server::Impl::Impl(ServerOptions options)
    : options_(std::move(options)),
      io_(static_cast<int>(options_.threads)),
      work_(io_.get_executor()),
      acceptor_(net::make_strand(io_)),
      accept_pause_(acceptor_.get_executor()),
      context_{options_, router, std::make_shared<internal::PostBox>(io_),
               [this](internal::Session* session) { remove_session(session); }} {
  BORA_CHECK(options_.threads > 0, "an HTTP server needs a thread");
}

Status Server::Impl::start() {
  BORA_CHECK(!is_started_, "an HTTP server starts once");
  const Result<tcp::endpoint> endpoint = endpoint_of(options_);
  if (!endpoint) return endpoint.status();
  if (options_.tls) {
    auto tls = internal::make_context(*options_.tls);
    if (!tls) return tls.status();
    context_.tls = std::move(tls).value();
  }
  if (Status status = listen(*endpoint); !status) return status;
  is_started_ = true;
  accept();
  for (std::uint32_t i = 0; i < options_.threads; ++i)
    threads_.emplace_back([this] { io_.run(); });
  return {};
}

Status Server::Impl::listen(const tcp::endpoint& endpoint) {
  boost::system::error_code code;
  acceptor_.open(endpoint.protocol(), code);
  if (!code) acceptor_.set_option(tcp::acceptor::reuse_address{true}, code);
  if (!code) acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(net::socket_base::max_listen_connections, code);
  if (!code) port = acceptor_.local_endpoint(code).port();
  if (!code) return {};
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  return {ErrorKind::kUnavailable, "cannot listen on " + options_.address + ":" +
                                       std::to_string(options_.port) + ": " + code.message() +
                                       "; choose another port, or 0 for any free one"};
}

void Server::Impl::accept() {
  acceptor_.async_accept(net::make_strand(io_),
                         [this](boost::system::error_code code, tcp::socket socket) {
                           on_accept(code, std::move(socket));
                         });
}

void Server::Impl::on_accept(boost::system::error_code code, tcp::socket socket) {
  if (!acceptor_.is_open()) return;
  if (!code) {
    add_session(std::move(socket));
    return accept();
  }
  // Out of file descriptors, most likely: accepting again at once would spin.
  if (options_.on_event) options_.on_event("cannot accept a connection: " + code.message());
  accept_pause_.expires_after(kAcceptPause);
  accept_pause_.async_wait([this](boost::system::error_code) {
    if (acceptor_.is_open()) accept();
  });
}

void Server::Impl::add_session(tcp::socket socket) {
  accepted_.fetch_add(1, std::memory_order_relaxed);
  const auto session = std::make_shared<internal::Session>(std::move(socket), context_);
  std::size_t open = 0;
  std::size_t open_of_address = 0;
  {
    const std::lock_guard lock{mutex_};
    sessions_.emplace(session.get(), session);
    open = sessions_.size();
    open_of_address = ++addresses_[std::string{session->address()}];
  }
  open_.store(open, std::memory_order_relaxed);
  if (open <= options_.max_connections && open_of_address <= options_.max_connections_per_address)
    return session->serve();
  if (options_.when_full == WhenFull::kCloseIdle && make_room(*session)) return session->serve();
  refused_.fetch_add(1, std::memory_order_relaxed);
  // Saying no in TLS would cost more than serving; a session that is dropped closes its connection.
  if (!context_.tls && open <= options_.max_connections + kRefusalsAtOnce) session->refuse();
}

bool Server::Impl::make_room(const internal::Session& newest) {
  std::shared_ptr<internal::Session> silent;
  auto silent_since = std::chrono::steady_clock::time_point::max();
  for (const auto& session : open_sessions()) {
    const auto since = session->idle_since();
    if (session.get() == &newest || !since || *since >= silent_since) continue;
    silent = session;
    silent_since = *since;
  }
  if (silent) silent->close_when_idle();
  return silent != nullptr;
}

void Server::Impl::remove_session(internal::Session* session) {
  const std::lock_guard lock{mutex_};
  const auto address = addresses_.find(std::string{session->address()});
  if (--address->second == 0) addresses_.erase(address);
  sessions_.erase(session);
  open_.store(sessions_.size(), std::memory_order_relaxed);
  session_ended_.notify_all();
}

std::vector<std::shared_ptr<internal::Session>> Server::Impl::open_sessions() {
  std::vector<std::shared_ptr<internal::Session>> open;
  const std::lock_guard lock{mutex_};
  for (const auto& [address, weak] : sessions_)
    if (auto session = weak.lock()) open.push_back(std::move(session));
  return open;
}

void Server::Impl::stop(std::chrono::milliseconds drain) {
  const std::lock_guard only_one{stop_mutex_};
  if (threads_.empty()) return context_.box->close();
  context_.is_stopping = true;
  net::post(acceptor_.get_executor(), [this] {
    boost::system::error_code ignored;  // nothing to do about it, and nothing lost
    acceptor_.close(ignored);
    accept_pause_.cancel();
    for (const auto& session : open_sessions())
      session->close_when_idle();
  });
  {
    std::unique_lock lock{mutex_};
    session_ended_.wait_for(lock, drain, [this] { return sessions_.empty(); });
  }
  for (const auto& session : open_sessions())
    session->close_now();
  // Every operation of a closed session ends by itself, so the threads run out of work.
  work_.reset();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
  context_.box->close();
}

std::string Server::Impl::url() const {
  const bool is_v6 = options_.address.find(':') != std::string::npos;
  return (options_.tls ? "https://" : "http://") +
         (is_v6 ? "[" + options_.address + "]" : options_.address) + ":" +
         std::to_string(port.load());
}

ServerStats Server::Impl::stats() const noexcept {
  return {.connections_accepted = accepted_.load(std::memory_order_relaxed),
          .connections_refused = refused_.load(std::memory_order_relaxed),
          .connections_open = open_.load(std::memory_order_relaxed),
          .requests = context_.requests.load(std::memory_order_relaxed),
          .requests_rejected = context_.rejected.load(std::memory_order_relaxed)};
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() = default;

void Server::route(Method method, const std::string& path, Handler handler) {
  impl_->router.add(method, path, std::move(handler));
}
void Server::route_async(Method method, const std::string& path, AsyncHandler handler) {
  impl_->router.add(method, path, std::move(handler));
}
void Server::route_events(const std::string& path, EventsHandler handler) {
  impl_->router.add(Method::kGet, path, std::move(handler));
}
Status Server::start() { return impl_->start(); }
std::uint16_t Server::port() const noexcept { return impl_->port; }
std::string Server::url() const { return impl_->url(); }
void Server::stop(std::chrono::milliseconds drain) { impl_->stop(drain); }
ServerStats Server::stats() const noexcept { return impl_->stats(); }

}  // namespace bora::http
