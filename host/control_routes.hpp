#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/http/server.hpp"

namespace bora::host {

/// Who may call a route of the control plane.
enum class Access : std::uint8_t {
  kOpen,    ///< Anybody who reaches it.
  kRead,    ///< Anybody on this machine; from elsewhere with the token.
  kChange,  ///< With the token only, never for another site's page, and written to the audit log.
};

/// One route of the control plane.
struct ControlRoute {
  using Handler = std::variant<http::Server::Handler, http::Server::EventsHandler>;

  http::Method method = http::Method::kGet;
  std::string path;
  Access access = Access::kRead;
  std::string action = {};  ///< kChange: its name in the audit log, "spout.pause".
  Handler handler;
};

/// What a part of a process adds to the control plane: see Service::add_routes(). Paths are those of
/// http::Server::route() and begin with "/api/v1/"; no two parts may add the same.
///
///   void SeriesPart::add_routes(host::ControlRoutes& routes) {
///     routes.get("/api/v1/devices/{id}/series", [this](const auto& request) { return curve(request); });
///   }
///
/// Handlers run on the control plane's threads, several at once, only while the part runs (from the end
/// of start() to the beginning of stop(); otherwise the answer is 503). stop() waits for one that is at
/// work, and one that waits holds up others: answer within a second or two. What a handler throws is
/// answered 500. An EventStream is the part's own: it lets go of it in stop().
/// Threads: single-owner.
class ControlRoutes {
 public:
  void get(std::string path, http::Server::Handler handler) {
    list_.push_back({http::Method::kGet, std::move(path), Access::kRead, {}, std::move(handler)});
  }
  /// Server-sent events.
  void events(std::string path, http::Server::EventsHandler handler) {
    list_.push_back({http::Method::kGet, std::move(path), Access::kRead, {}, std::move(handler)});
  }
  /// `action` names what is done, in the audit log. A body is JSON, at most 64 KiB.
  void change(http::Method method, std::string path, std::string action,
              http::Server::Handler handler) {
    list_.push_back(
        {method, std::move(path), Access::kChange, std::move(action), std::move(handler)});
  }

  [[nodiscard]] std::vector<ControlRoute> take() && { return std::move(list_); }

 private:
  std::vector<ControlRoute> list_;
};

}  // namespace bora::host
