#include <charconv>
#include <utility>

#include "services/admin/api_entries.hpp"
#include "services/admin/random.hpp"

namespace bora::admin {

namespace {

using coldchain::DeviceEntry;
using coldchain::DeviceId;
using coldchain::State;

nlohmann::ordered_json shown(const DeviceEntry& device) {
  return {{"id", to_uint(device.id)},
          {"state", device.state == State::kActive},
          {"config", device.config}};
}

Answer create_with(ApiWorld& world, const Exchange& exchange, coldchain::Config config, int ok) {
  const std::string secret = std::to_string(random_device_secret());
  auto hash = coldchain::hash_password(secret, world.options.secret_cost);
  if (!hash) return {response_of(hash.error())};
  const auto made = world.store.create_device(exchange.actor, *std::move(hash), std::move(config));
  if (!made) return {response_of(made.error())};
  // A text, as 64 bits do not survive JavaScript, jq and whoever else reads numbers as doubles.
  return {json_response(ok, {{"id", to_uint(made->value.id)}, {"auth", secret}, {"state", false}}),
          made->sequence};
}

Answer create(ApiWorld& world, const Exchange& exchange) {
  if (!exchange.request.body.empty())
    if (auto body = read_body(exchange.request, {}); !body) return {body.take_response()};
  return create_with(world, exchange, {}, 201);
}

Answer create_older(ApiWorld& world, const Exchange& exchange) {
  auto body = read_body(exchange.request, {"comfort_interval", "group", "name", "user"});
  if (!body) return {body.take_response()};
  auto config = read_older_form(*body);
  if (!config) return {config.take_response()};
  return create_with(world, exchange, *std::move(config), 200);
}

Answer list(ApiWorld& world, const Exchange& exchange) {
  auto page = page_of(exchange.request);
  if (!page) return {page.take_response()};
  const auto devices = world.store.devices(*page);
  if (!devices) return {response_of(devices.error())};
  std::string body = "[";
  for (const DeviceEntry& device : *devices)
    body += (body.size() > 1 ? ",\n" : "") + shown(device).dump();
  return {http::json(200, body + "]\n")};
}

Answer show(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  const auto device = world.store.device(DeviceId{*id});
  if (!device) return {response_of(device.error())};
  return {json_response(200, shown(*device))};
}

Answer put_config(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  auto body = read_body(exchange.request);
  if (!body) return {body.take_response()};
  auto config = read_config(*body);
  if (!config) return {config.take_response()};
  const auto made = world.store.set_config(exchange.actor, DeviceId{*id}, *std::move(config));
  if (!made) return {response_of(made.error())};
  return {json_response(200, shown(made->value)), made->sequence};
}

Answer put_state(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  auto body = read_body(exchange.request, {"state"});
  if (!body) return {body.take_response()};
  const auto state = body->find("state");
  if (state == body->end() || !state->is_boolean())
    return {http::problem(422, "state is true (active) or false")};
  const auto made = world.store.set_state(exchange.actor, DeviceId{*id},
                                          state->get<bool>() ? State::kActive : State::kInactive);
  if (!made) return {response_of(made.error())};
  return {json_response(200, shown(made->value)), made->sequence};
}

// As on the wire: a number, or its decimal digits as a text. The same secret has one text.
OrResponse<std::string> secret_in(const nlohmann::json& body) {
  const auto auth = body.find("auth");
  if (auth != body.end() && auth->is_number_unsigned())
    return std::to_string(auth->get<std::uint64_t>());
  if (auth == body.end() || !auth->is_string())
    return http::problem(422, "auth is missing, or no unsigned 64-bit number");
  const auto& text = auth->get_ref<const std::string&>();
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size())
    return http::problem(422, "auth is missing, or no unsigned 64-bit number");
  return std::to_string(value);
}

Answer check(Api& api, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  auto body = read_body(exchange.request, {"auth"});
  if (!body) return {body.take_response()};
  auto secret = secret_in(*body);
  if (!secret) return {secret.take_response()};
  const auto device = api.world().store.device(DeviceId{*id});
  if (!device) return {response_of(device.error())};
  return answer_of_check(api, exchange, coldchain::registry_key(device->id), device->auth_hash,
                         *secret);
}

}  // namespace

std::vector<Operation> device_operations(Api& api) {
  ApiWorld& world = api.world();
  const auto with = [&world](Answer (*handle)(ApiWorld&, const Exchange&)) {
    return [&world, handle](const Exchange& exchange) { return handle(world, exchange); };
  };
  using http::Method;
  return {{Method::kPost, "/devices", Permission::kWrite, with(create)},
          {Method::kGet, "/devices", Permission::kRead, with(list)},
          {Method::kPut, "/devices", Permission::kWrite, with(create_older)},
          {Method::kGet, "/devices/{id}", Permission::kRead, with(show)},
          {Method::kDelete, "/devices/{id}", Permission::kWrite, with(remove_entry<DeviceId>)},
          {Method::kPut, "/devices/{id}/config", Permission::kWrite, with(put_config)},
          {Method::kPut, "/devices/{id}/state", Permission::kWrite, with(put_state)},
          {Method::kPost, "/devices/{id}/login", Permission::kRead,
           [&api](const Exchange& exchange) { return check(api, exchange); },
           /*only_looks=*/true}};
}

}  // namespace bora::admin
