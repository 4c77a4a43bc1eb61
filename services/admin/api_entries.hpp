#pragma once
// Private: includes nlohmann/json. What the operations on devices and on gateways share.

#include "connectors/http/target.hpp"
#include "services/admin/api.hpp"
#include "services/admin/bodies.hpp"
#include "services/admin/registry_store.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::admin {

/// ?after=ID&limit=N: else 422.
[[nodiscard]] OrResponse<Page> page_of(const http::Request& request);

/// 200 or 401, by whether `secret` is the one that was hashed; 429 after too many wrong ones.
[[nodiscard]] Answer answer_of_check(Api& api, const Exchange& exchange, const std::string& name,
                                     const std::string& hash, const std::string& secret);

template <class Id>
Answer remove_entry(ApiWorld& world, const Exchange& exchange) {
  auto id = id_of(exchange.request);
  if (!id) return {id.take_response()};
  const auto made = world.store.remove(exchange.actor, Id{*id});
  if (!made) return {response_of(made.error())};
  return {{.status = 204, .content_type = {}}, made->sequence};
}

}  // namespace bora::admin
