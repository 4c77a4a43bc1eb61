#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/http/server.hpp"

namespace bora::http::internal {

/// Which handler answers which method and path.
/// Threads: immutable once the server has started.
class Router {
 public:
  using Target = std::variant<Server::Handler, Server::AsyncHandler>;

  void add(Method method, std::string path, Target target);

  struct Match {
    const Target* target = nullptr;  ///< Null: no such path, or not this method of it.
    std::string allow;               ///< "GET, HEAD" when the path exists but not with this method.
  };
  [[nodiscard]] Match find(Method method, std::string_view path) const;

 private:
  std::map<std::string, std::map<Method, Target>, std::less<>> routes_;
};

}  // namespace bora::http::internal
