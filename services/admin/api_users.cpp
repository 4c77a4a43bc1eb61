#include <utility>

#include "services/admin/api.hpp"
#include "services/admin/bodies.hpp"
#include "services/admin/registry_store.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::admin {

namespace {

nlohmann::ordered_json shown(const User& user) {
  return {{"username", user.name}, {"permission", to_string(user.permission)}};
}

OrResponse<Permission> permission_in(const nlohmann::json& body) {
  auto text = text_of(body, "permission");
  if (!text) return text.take_response();
  const auto permission = parse_permission(*text);
  if (!permission) return http::problem(422, "permission is one of read, write, admin");
  return *permission;
}

OrResponse<std::string> hash_in(const nlohmann::json& body, int cost) {
  auto password = text_of(body, "password");
  if (!password) return password.take_response();
  if (const std::string fault = fault_of_password(*password); !fault.empty())
    return http::problem(422, fault);
  auto hash = coldchain::hash_password(*password, cost);
  if (!hash) return http::problem(500, "the password could not be hashed");
  return *std::move(hash);
}

Answer create(ApiWorld& world, const Exchange& exchange) {
  auto body = read_body(exchange.request, {"username", "password", "permission"});
  if (!body) return {body.take_response()};
  auto name = text_of(*body, "username");
  if (!name) return {name.take_response()};
  if (!is_user_name(*name))
    return {http::problem(422, "a username has 1 to 64 letters, digits and . _ @ -")};
  auto permission = permission_in(*body);
  if (!permission) return {permission.take_response()};
  auto hash = hash_in(*body, world.options.password_cost);
  if (!hash) return {hash.take_response()};
  const auto made =
      world.store.create_user(exchange.actor, *std::move(name), *std::move(hash), *permission);
  if (!made) return {response_of(made.error())};
  return {json_response(201, shown(made->value)), made->sequence};
}

bool is_self(const Exchange& exchange) {
  return exchange.request.parameter("user") == exchange.actor.user;
}

Answer only_admins() {
  return {http::problem(403,
                        "this needs the permission admin; without it, everybody sees himself "
                        "and sets his own password")};
}

Answer show(ApiWorld& world, const Exchange& exchange) {
  if (!is_self(exchange) && !includes(exchange.permission, Permission::kAdmin))
    return only_admins();
  const auto user = world.store.user(exchange.request.parameter("user"));
  if (!user) return {http::problem(404, "there is no such user")};
  return {json_response(200, shown(*user))};
}

Answer update(ApiWorld& world, const Exchange& exchange) {
  auto body = read_body(exchange.request, {"username", "password", "permission"});
  if (!body) return {body.take_response()};
  const bool is_admin = includes(exchange.permission, Permission::kAdmin);
  if (!is_admin && (!is_self(exchange) || body->contains("permission"))) return only_admins();
  const std::string& name = exchange.request.parameter("user");
  if (body->contains("username") && (*body)["username"] != name)
    return {http::problem(422, "a user keeps his name; create another one")};
  if (!world.store.user(name)) return {http::problem(404, "there is no such user")};
  RegistryStore::UserUpdate change;
  if (body->contains("permission")) {
    auto permission = permission_in(*body);
    if (!permission) return {permission.take_response()};
    change.permission = *permission;
  }
  if (body->contains("password")) {
    auto hash = hash_in(*body, world.options.password_cost);
    if (!hash) return {hash.take_response()};
    change.password_hash = *std::move(hash);
  }
  if (!change.permission && !change.password_hash)
    return {http::problem(422, "there is nothing to change: give password, permission, or both")};
  const auto made = world.store.update_user(exchange.actor, name, std::move(change));
  if (!made) return {response_of(made.error())};
  return {json_response(200, shown(made->value)), made->sequence};
}

Answer remove(ApiWorld& world, const Exchange& exchange) {
  const auto made = world.store.remove_user(exchange.actor, exchange.request.parameter("user"));
  if (!made) return {response_of(made.error())};
  return {{.status = 204, .content_type = {}}, made->sequence};
}

}  // namespace

std::vector<Operation> user_operations(Api& api) {
  ApiWorld& world = api.world();
  const auto with = [&world](Answer (*handle)(ApiWorld&, const Exchange&)) {
    return [&world, handle](const Exchange& exchange) { return handle(world, exchange); };
  };
  return {{http::Method::kPost, "/users", Permission::kAdmin, with(create)},
          {http::Method::kGet, "/users/{user}", Permission::kRead, with(show)},
          {http::Method::kPut, "/users/{user}", Permission::kRead, with(update)},
          {http::Method::kDelete, "/users/{user}", Permission::kAdmin, with(remove)}};
}

}  // namespace bora::admin
