#include "services/admin/api.hpp"

#include <memory>
#include <utility>

#include "connectors/http/target.hpp"
#include "services/admin/bodies.hpp"
#include "services/admin/openapi.hpp"
#include "services/admin/outbox.hpp"
#include "services/admin/registry_store.hpp"

namespace bora::admin {

namespace {

http::Response unauthorized(const char* why) {
  http::Response response = http::problem(401, why);
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"bora\""});
  return response;
}

http::Response overloaded(const char* why) {
  http::Response response = http::problem(503, why);
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

bool is_change(const Operation& operation) noexcept {
  return operation.method != http::Method::kGet && !operation.only_looks;
}

}  // namespace

Api::Api(ApiWorld world, WorkPool& pool)
    : world_(std::move(world)),
      pool_(pool),
      per_user_(world_.options.per_user),
      per_address_(world_.options.per_address) {
  for (const auto make : {token_operations, user_operations, device_operations, gateway_operations})
    for (Operation& operation : make(*this))
      operations_.push_back(std::move(operation));
}

void Api::add_routes(http::Server& server) {
  for (const Operation& operation : operations_)
    server.route_async(operation.method, std::string{kApiPrefix} + operation.path,
                       [this, &operation](http::Request request, http::Responder responder) {
                         serve(operation, std::move(request), std::move(responder));
                       });
  server.route(http::Method::kGet, std::string{kApiPrefix} + "/openapi.yaml",
               [](const http::Request&) {
                 return http::Response{.content_type = "application/yaml",
                                       .body = std::string{openapi_document()}};
               });
}

// One answer for every token that does not count: which check it failed is nobody's business but the
// operator's, who sees the number.
std::optional<http::Response> Api::authenticate(const Operation& operation,
                                                const http::Request& request, Exchange& exchange) {
  exchange.actor.address = std::string{http::address_of(request.peer)};
  if (!operation.needed) return std::nullopt;
  const std::string_view token =
      http::parse_bearer(http::find_header(request.headers, "Authorization"));
  const auto claims = world_.tokens.check(token, world_.clock.wall_now());
  const auto user = claims ? world_.store.user(claims->user) : std::nullopt;
  if (!user || user->generation != claims->generation) {
    stats_.unauthorized.fetch_add(1, std::memory_order_relaxed);
    return unauthorized(
        "a valid token is needed: POST /token with a user and password gives one for an hour");
  }
  exchange.actor.user = user->name;
  exchange.permission = user->permission;
  if (includes(user->permission, *operation.needed)) return std::nullopt;
  stats_.forbidden.fetch_add(1, std::memory_order_relaxed);
  return http::problem(403, "this needs the permission " +
                                std::string{to_string(*operation.needed)} + ", and yours is " +
                                std::string{to_string(user->permission)});
}

void Api::serve(const Operation& operation, http::Request request, http::Responder responder) {
  // Shared by the copies of a function object, of which one is called.
  struct Job {
    http::Request request;
    http::Responder responder;
    Exchange exchange{request, {}};
    Job(http::Request r, http::Responder to) : request(std::move(r)), responder(std::move(to)) {}
  };
  const auto job = std::make_shared<Job>(std::move(request), std::move(responder));
  if (auto refusal = authenticate(operation, job->request, job->exchange))
    return finish({*std::move(refusal)}, std::move(job->responder));
  if (is_change(operation) && world_.outbox.open() >= world_.options.max_open_changes) {
    stats_.overloaded.fetch_add(1, std::memory_order_relaxed);
    return finish({overloaded("too many changes wait for topic registry: try again later")},
                  std::move(job->responder));
  }
  const bool is_taken = pool_.try_submit([this, job, &operation] {
    finish(operation.handle(job->exchange), std::move(job->responder));
  });
  if (is_taken) return;
  stats_.overloaded.fetch_add(1, std::memory_order_relaxed);
  finish({overloaded("too many requests wait: try again later")}, std::move(job->responder));
}

void Api::finish(Answer answer, http::Responder responder) {
  // Answers hold secrets and the state of the registry: nobody on the way keeps them.
  answer.response.headers.push_back({"Cache-Control", "no-store"});
  if (answer.sequence == 0) return std::move(responder).answer(std::move(answer.response));
  stats_.changes.fetch_add(1, std::memory_order_relaxed);
  const auto shared = std::make_shared<http::Responder>(std::move(responder));
  world_.outbox.when_done(answer.sequence,
                          [shared, response = std::move(answer.response)]() mutable {
                            std::move(*shared).answer(std::move(response));
                          });
}

Api::Verdict Api::check_secret(const std::string& name, const std::string& address,
                               const std::function<bool()>& is_right) {
  const Instant now = world_.clock.now();
  const auto no_wait = std::chrono::milliseconds{0};
  // The address first: a flood from one does not use up what a name may try from others.
  if (per_address_.attempt(address, now) > no_wait || per_user_.attempt(name, now) > no_wait) {
    stats_.rate_limited.fetch_add(1, std::memory_order_relaxed);
    return Verdict::kTooMany;
  }
  if (!is_right()) {
    stats_.wrong_secrets.fetch_add(1, std::memory_order_relaxed);
    return Verdict::kWrong;
  }
  per_address_.forgive(address);
  per_user_.forgive(name);
  return Verdict::kRight;
}

}  // namespace bora::admin
