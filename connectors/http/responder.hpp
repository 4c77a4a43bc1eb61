#pragma once

#include <cstdint>
#include <memory>

#include "connectors/http/message.hpp"

namespace bora::http {

namespace internal {
class Session;
class PostBox;
}  // namespace internal

/// The duty to answer one request, now or later.
///
///   server.route_async(Method::kPost, "/v1/reports", [&](Request request, Responder responder) {
///     writer.append(std::move(request.body), std::move(responder));   // answers when it is durable
///   });
///   std::move(responder).answer({.status = 202});                     // later, on any thread
///
/// An answer consumes the responder, so answering twice does not compile. One that is destroyed
/// unanswered answers 500: a client never waits for a forgotten request.
/// Threads: single-owner; may move to another thread.
/// Lifetime: may outlive its server and its connection; then it does nothing.
class [[nodiscard]] Responder {
 public:
  /// For the server.
  Responder(std::shared_ptr<internal::PostBox> box, std::weak_ptr<internal::Session> session,
            std::uint64_t exchange) noexcept;
  ~Responder();
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;

  /// Hands the answer to the server's thread and returns at once.
  void answer(Response response) &&;

 private:
  void settle(Response response);

  std::shared_ptr<internal::PostBox>
      box_;  // shared with the server; null once answered or moved from
  std::weak_ptr<internal::Session> session_;
  std::uint64_t
      exchange_;  // which request of the session: a late answer must not go to the next one
};

}  // namespace bora::http
