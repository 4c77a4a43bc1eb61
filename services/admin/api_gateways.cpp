#include <utility>

#include "services/admin/api_entries.hpp"
#include "services/admin/random.hpp"

namespace bora::admin {

namespace {

using coldchain::GatewayEntry;
using coldchain::GatewayId;

nlohmann::ordered_json shown(const GatewayEntry& gateway) {
  return {{"id", to_uint(gateway.id)}, {"config", gateway.config}};
}

Answer create(ApiWorld& world, const Exchange& exchange) {
  if (!exchange.request.body.empty())
    if (auto body = read_body(exchange.request, {}); !body) return {body.take_response()};
  const std::string secret = random_gateway_secret();
  auto hash = coldchain::hash_password(secret, world.options.secret_cost);
  if (!hash) return {response_of(hash.error())};
  const auto made = world.store.create_gateway(exchange.actor, *std::move(hash));
  if (!made) return {response_of(made.error())};
  return {json_response(201, {{"id", to_uint(made->value.id)}, {"auth", secret}}), made->sequence};
}

Answer list(ApiWorld& world, const Exchange& exchange) {
  auto page = page_of(exchange.request);
  if (!page) return {page.take_response()};
  const auto gateways = world.store.gateways(*page);
  if (!gateways) return {response_of(gateways.error())};
  std::string body = "[";
  for (const GatewayEntry& gateway : *gateways)
    body += (body.size() > 1 ? ",\n" : "") + shown(gateway).dump();
  return {http::json(200, body + "]\n")};
}

Answer show(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  const auto gateway = world.store.gateway(GatewayId{*id});
  if (!gateway) return {response_of(gateway.error())};
  return {json_response(200, shown(*gateway))};
}

Answer put_config(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  auto body = read_body(exchange.request);
  if (!body) return {body.take_response()};
  auto config = read_config(*body);
  if (!config) return {config.take_response()};
  const auto made = world.store.set_config(exchange.actor, GatewayId{*id}, *std::move(config));
  if (!made) return {response_of(made.error())};
  return {json_response(200, shown(made->value)), made->sequence};
}

Answer check(Api& api, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  auto body = read_body(exchange.request, {"auth"});
  if (!body) return {body.take_response()};
  auto secret = text_of(*body, "auth");
  if (!secret) return {secret.take_response()};
  const auto gateway = api.world().store.gateway(GatewayId{*id});
  if (!gateway) return {response_of(gateway.error())};
  return answer_of_check(api, exchange, coldchain::registry_key(gateway->id), gateway->auth_hash,
                         *secret);
}

}  // namespace

std::vector<Operation> gateway_operations(Api& api) {
  ApiWorld& world = api.world();
  const auto with = [&world](Answer (*handle)(ApiWorld&, const Exchange&)) {
    return [&world, handle](const Exchange& exchange) { return handle(world, exchange); };
  };
  using http::Method;
  return {{Method::kPost, "/gateways", Permission::kWrite, with(create)},
          {Method::kGet, "/gateways", Permission::kRead, with(list)},
          {Method::kGet, "/gateways/{id}", Permission::kRead, with(show)},
          {Method::kDelete, "/gateways/{id}", Permission::kWrite, with(remove_entry<GatewayId>)},
          {Method::kPut, "/gateways/{id}/config", Permission::kWrite, with(put_config)},
          {Method::kPost, "/gateways/{id}/login", Permission::kRead,
           [&api](const Exchange& exchange) { return check(api, exchange); },
           /*only_looks=*/true}};
}

}  // namespace bora::admin
