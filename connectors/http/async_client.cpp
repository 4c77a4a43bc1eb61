#include "connectors/http/async_client.hpp"

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "bora/check.hpp"
#include "connectors/http/connection.hpp"

namespace bora::http {

namespace net = boost::asio;

class AsyncClient::Impl {
 public:
  explicit Impl(AsyncClientOptions options);
  ~Impl();

  Status send(Call call, Done done);
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }

 private:
  struct Waiting {
    Call call;
    Done done;
  };
  // Everything below runs on the thread.
  void take(Waiting waiting);
  void start(internal::Connection& connection, Waiting waiting);
  void on_done(internal::Connection& connection, const Done& done, Result<Response> result);
  void settle(const Done& done, Result<Response> result);
  void close();

  const AsyncClientOptions options_;
  std::atomic<std::size_t> pending_{0};
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> work_{io_.get_executor()};
  std::vector<std::unique_ptr<internal::Connection>> connections_;
  std::vector<internal::Connection*> idle_;
  std::deque<Waiting> waiting_;
  bool is_closing_ = false;
  std::thread thread_;
};

AsyncClient::Impl::Impl(AsyncClientOptions options) : options_(std::move(options)) {
  BORA_CHECK(options_.connections > 0, "an HTTP client needs a connection");
  for (std::size_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<internal::Connection>(io_, options_.server));
    idle_.push_back(connections_.back().get());
  }
  thread_ = std::thread{[this] { io_.run(); }};
}

AsyncClient::Impl::~Impl() {
  net::post(io_, [this] { close(); });
  work_.reset();  // the thread ends when every call has
  thread_.join();
}

Status AsyncClient::Impl::send(Call call, Done done) {
  const std::size_t most = options_.connections + options_.max_waiting;
  if (pending_.fetch_add(1) >= most) {
    pending_.fetch_sub(1);
    return {ErrorKind::kUnavailable, std::to_string(most) + " calls to " + options_.server.host +
                                         " are under way already: send again when one has ended"};
  }
  net::post(io_, [this, waiting = Waiting{std::move(call), std::move(done)}]() mutable {
    take(std::move(waiting));
  });
  return {};
}

void AsyncClient::Impl::take(Waiting waiting) {
  if (is_closing_) return settle(waiting.done, Error{ErrorKind::kClosed, "the client is closed"});
  if (idle_.empty()) return waiting_.push_back(std::move(waiting));
  // The one used last: its connection is most likely still open.
  internal::Connection* connection = idle_.back();
  idle_.pop_back();
  start(*connection, std::move(waiting));
}

void AsyncClient::Impl::start(internal::Connection& connection, Waiting waiting) {
  connection.exchange(std::move(waiting.call),
                      [this, &connection, done = std::move(waiting.done)](Result<Response> result) {
                        on_done(connection, done, std::move(result));
                      });
}

void AsyncClient::Impl::on_done(internal::Connection& connection, const Done& done,
                                Result<Response> result) {
  if (!is_closing_ && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    start(connection, std::move(next));
  } else {
    idle_.push_back(&connection);
  }
  if (is_closing_ && !result) result = Error{ErrorKind::kClosed, result.error().message};
  settle(done, std::move(result));
}

void AsyncClient::Impl::settle(const Done& done, Result<Response> result) {
  pending_.fetch_sub(1);
  done(std::move(result));
}

void AsyncClient::Impl::close() {
  is_closing_ = true;
  for (const auto& connection : connections_)
    connection->disconnect();
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    settle(waiting.done, Error{ErrorKind::kClosed, "the client was closed before " +
                                                       waiting.call.target + " was sent"});
}

AsyncClient::AsyncClient(AsyncClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
AsyncClient::~AsyncClient() = default;

Status AsyncClient::send(Call call, Done done) {
  return impl_->send(std::move(call), std::move(done));
}
std::size_t AsyncClient::pending() const noexcept { return impl_->pending(); }

}  // namespace bora::http
