#include "connectors/http/router.hpp"

#include <utility>

#include "bora/check.hpp"

namespace bora::http::internal {

void Router::add(Method method, std::string path, Target target) {
  const bool is_new = routes_[path].emplace(method, std::move(target)).second;
  BORA_CHECK(is_new, std::string{to_string(method)} + " " + path + " has two handlers");
}

Router::Match Router::find(Method method, std::string_view path) const {
  const auto route = routes_.find(path);
  if (route == routes_.end()) return {};
  const auto& methods = route->second;
  auto found = methods.find(method);
  if (found == methods.end() && method == Method::kHead) found = methods.find(Method::kGet);
  if (found != methods.end()) return {&found->second, {}};
  Match match;
  const auto allow = [&match](Method m) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += to_string(m);
  };
  for (const auto& [allowed, target] : methods) {
    allow(allowed);
    if (allowed == Method::kGet && !methods.contains(Method::kHead)) allow(Method::kHead);
  }
  return match;
}

}  // namespace bora::http::internal
