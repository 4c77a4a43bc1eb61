#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/http/server.hpp"

namespace bora::http::internal {

/// Which handler answers which method and path. A tree of path segments: a segment written out is
/// preferred to one in braces.
/// Threads: immutable once the server has started.
class Router {
 public:
  using Target = std::variant<Server::Handler, Server::AsyncHandler, Server::EventsHandler>;

  Router();
  ~Router();

  void add(Method method, const std::string& path, Target target);

  struct Match {
    const Target* target = nullptr;  ///< Null: no such path, or not this method of it.
    std::string allow = {};          ///< "GET, HEAD" when the path exists but not with this method.
    std::vector<PathParameter> parameters = {};
    /// The path exists, but an escape in a parameter is broken. `target` is null.
    bool is_malformed = false;
  };
  [[nodiscard]] Match find(Method method, std::string_view path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace bora::http::internal
