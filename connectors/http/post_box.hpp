#pragma once

#include <mutex>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace bora::http::internal {

/// How answers from other threads reach the server's threads; outlives the server, so that a late
/// responder finds it closed instead of gone.
/// Threads: thread-safe.
class PostBox {
 public:
  explicit PostBox(boost::asio::io_context& io) noexcept : io_(&io) {}

  /// Runs `fn` on a thread of the server; drops it when the server has ended. `fn` must not own a
  /// session: what is still queued when the server ends is destroyed with the io_context.
  template <class Fn>
  void post(Fn fn) {
    const std::lock_guard lock{mutex_};
    if (io_ != nullptr) boost::asio::post(*io_, std::move(fn));
  }
  void close() noexcept {
    const std::lock_guard lock{mutex_};
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;  // guarded by mutex_
};

}  // namespace bora::http::internal
