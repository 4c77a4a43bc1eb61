#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "connectors/http/message.hpp"
#include "connectors/http/server.hpp"
#include "services/admin/change.hpp"
#include "services/admin/permission.hpp"
#include "services/admin/rate_limit.hpp"
#include "services/admin/token.hpp"
#include "services/admin/work_pool.hpp"

namespace bora::admin {

class Outbox;
class RegistryStore;

inline constexpr std::string_view kApiPrefix = "/api/v1/admin";

struct ApiOptions {
  int secret_cost = 10;    ///< bcrypt's, of devices and gateways: random, so 10 is plenty.
  int password_cost = 12;  ///< bcrypt's, of users.
  std::chrono::seconds token_life{3600};
  RateLimitOptions per_user = {.burst = 10, .each = std::chrono::milliseconds{6'000}};
  RateLimitOptions per_address = {.burst = 30, .each = std::chrono::milliseconds{2'000}};
  /// Changes that wait for the topic; one more is answered 503.
  std::size_t max_open_changes = 1'000;
};

/// Exact counts since the start.
struct ApiStats {
  std::atomic<std::uint64_t> changes{0};
  std::atomic<std::uint64_t> unauthorized{0};  ///< 401: no token, or none that counts.
  std::atomic<std::uint64_t> forbidden{0};     ///< 403.
  std::atomic<std::uint64_t> logins{0};
  std::atomic<std::uint64_t> wrong_secrets{0};  ///< Of users, devices and gateways.
  std::atomic<std::uint64_t> rate_limited{0};   ///< 429.
  std::atomic<std::uint64_t> overloaded{0};     ///< 503.
};

/// What the handlers work with; all of it outlives them.
struct ApiWorld {
  RegistryStore& store;
  Outbox& outbox;
  const Tokens& tokens;
  const Clock& clock;
  ApiOptions options = {};
};

/// A request whose sender is known.
struct Exchange {
  const http::Request& request;
  Actor actor;                                ///< `user` is empty where no token is needed.
  Permission permission = Permission::kRead;  ///< Of the actor.
};

/// What a handler answers; not before the change `sequence`, when it made one, is published.
struct Answer {
  http::Response response;
  std::uint64_t sequence = 0;
};

/// One operation. `handle` runs on the work pool.
struct Operation {
  http::Method method = http::Method::kGet;
  std::string path;                  ///< Under kApiPrefix.
  std::optional<Permission> needed;  ///< Nothing: no token. Handlers may ask for more.
  std::function<Answer(const Exchange&)> handle;
  bool only_looks = false;  ///< It changes nothing, although its method is POST.
};

/// The operations of §4 and the few of ours, as the server's routes.
///
/// Tokens are checked on the server's threads, which costs microseconds and no disk; everything else
/// happens on `pool`, and a change is answered when the outbox says that it is out.
/// Threads: as the server's.
/// Lifetime: dies before what `world` and `pool` refer to, after the server.
class Api {
 public:
  Api(ApiWorld world, WorkPool& pool);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Before the server's start.
  void add_routes(http::Server& server);
  [[nodiscard]] const std::vector<Operation>& operations() const noexcept { return operations_; }
  [[nodiscard]] const ApiStats& stats() const noexcept { return stats_; }

  // For the operations.
  [[nodiscard]] ApiWorld& world() noexcept { return world_; }
  [[nodiscard]] ApiStats& counters() noexcept { return stats_; }
  /// Has a secret checked, unless too many were wrong of late under this name ("user/ana", "device/5")
  /// or from this address.
  enum class Verdict : std::uint8_t { kRight, kWrong, kTooMany };
  [[nodiscard]] Verdict check_secret(const std::string& name, const std::string& address,
                                     const std::function<bool()>& is_right);

 private:
  void serve(const Operation& operation, http::Request request, http::Responder responder);
  [[nodiscard]] std::optional<http::Response> authenticate(const Operation& operation,
                                                           const http::Request& request,
                                                           Exchange& exchange);
  void finish(Answer answer, http::Responder responder);

  ApiWorld world_;
  WorkPool& pool_;
  ApiStats stats_;
  RateLimit per_user_;
  RateLimit per_address_;
  std::vector<Operation> operations_;
};

// The groups of operations, each in a file of its own.
[[nodiscard]] std::vector<Operation> token_operations(Api& api);
[[nodiscard]] std::vector<Operation> user_operations(Api& api);
[[nodiscard]] std::vector<Operation> device_operations(Api& api);
[[nodiscard]] std::vector<Operation> gateway_operations(Api& api);

}  // namespace bora::admin
