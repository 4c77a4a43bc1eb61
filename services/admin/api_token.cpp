#include <chrono>

#include "connectors/http/target.hpp"
#include "services/admin/api.hpp"
#include "services/admin/bodies.hpp"
#include "services/admin/registry_store.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::admin {

namespace {

std::chrono::seconds seconds_of(WallTime time) noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
}

http::Response wrong_login() {
  http::Response response = http::problem(401, "wrong user or password");
  response.headers.push_back({"WWW-Authenticate", "Basic realm=\"bora\", charset=\"UTF-8\""});
  return response;
}

// The same work for a user who does not exist: the time says nothing about who does.
bool is_password_of(const std::optional<User>& user, const std::string& password,
                    const std::string& nobodys_hash) {
  const bool is_right = coldchain::is_password(password, user ? user->password_hash : nobodys_hash);
  return user && is_right;
}

Answer log_in(Api& api, const std::string& nobodys_hash, const Exchange& exchange) {
  auto auth = http::parse_basic_auth(http::find_header(exchange.request.headers, "Authorization"));
  if (!auth || !is_user_name(auth->user)) return {wrong_login()};
  ApiWorld& world = api.world();
  const auto user = world.store.user(auth->user);
  switch (api.check_secret("user/" + auth->user, exchange.actor.address,
                           [&] { return is_password_of(user, auth->password, nobodys_hash); })) {
    case Api::Verdict::kTooMany: return {too_many_attempts()};
    case Api::Verdict::kWrong: return {wrong_login()};
    case Api::Verdict::kRight: break;
  }
  const auto now = seconds_of(world.clock.wall_now());
  const Claims claims{.user = user->name,
                      .permission = user->permission,
                      .generation = user->generation,
                      .issued_at = now,
                      .expires_at = now + world.options.token_life};
  api.counters().logins.fetch_add(1, std::memory_order_relaxed);
  return {json_response(200, {{"token", world.tokens.issue(claims)}})};
}

Answer show_token(const Exchange& exchange) {
  return {json_response(
      200, {{"username", exchange.actor.user}, {"permission", to_string(exchange.permission)}})};
}

}  // namespace

std::vector<Operation> token_operations(Api& api) {
  return {{http::Method::kPost, "/token", std::nullopt,
           [&api, nobodys_hash = coldchain::hash_of_nobody(api.world().options.password_cost)](
               const Exchange& exchange) { return log_in(api, nobodys_hash, exchange); },
           /*only_looks=*/true},
          {http::Method::kGet, "/token", Permission::kRead, show_token}};
}

}  // namespace bora::admin
