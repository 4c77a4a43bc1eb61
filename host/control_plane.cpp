#include "host/control_plane.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "connectors/http/server.hpp"
#include "host/audit_file.hpp"
#include "host/control_api.hpp"
#include "host/control_guard.hpp"
#include "host/control_secrets.hpp"

namespace bora::host {

namespace {

using http::EventStream;
using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kDrain{500};

http::ServerOptions server_options(const ControlPlaneOptions& options, Log& log) {
  http::ServerOptions server;
  server.address = options.address;
  server.port = options.port;
  if (!options.certificate_file.empty())
    server.tls =
        http::ServerTls{.certificate_file = options.certificate_file, .key_file = options.key_file};
  server.exposure = options.allow_remote ? http::Exposure::kPlaintext : http::Exposure::kLoopback;
  // A part's route may take its time; probes must not wait for it.
  server.threads = 2;
  server.max_body_bytes = std::size_t{64} << 10;
  // Somebody who opens connections and says nothing does not keep others out.
  server.max_connections = 256;
  server.when_full = http::WhenFull::kCloseIdle;
  server.max_streams = 16;
  server.on_event = [&log](const std::string& text) { log.warn("control plane", {{"err", text}}); };
  return server;
}

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}

}  // namespace

class ControlPlane::Impl {
 public:
  Impl(ControlPlaneOptions options, Subjects subjects)
      : options_(std::move(options)), subjects_(std::move(subjects)) {}

  Status start(std::vector<ControlRoute> more);
  void stop() {
    if (server_) server_->stop(kDrain);
  }
  [[nodiscard]] std::string url() const { return server_ ? server_->url() : ""; }

 private:
  void add(ControlRoute route);
  void add_access();
  [[nodiscard]] Response change(const ControlRoute& route, const Request& request);

  const ControlPlaneOptions options_;
  const Subjects subjects_;
  std::optional<ControlGuard> guard_;
  std::optional<AuditFile> audit_;
  std::unique_ptr<http::Server> server_;
};

Status ControlPlane::Impl::start(std::vector<ControlRoute> more) {
  auto secrets = find_secrets(options_, subjects_.program);
  if (!secrets) return secrets.status();
  if (secrets->token.is_empty())
    subjects_.log.warn("control plane: nothing can be changed through it",
                       {{"why", secrets->token_hint}});
  guard_.emplace(GuardOptions{.token = secrets->token,
                              .token_hint = secrets->token_hint,
                              .is_loopback = is_loopback(options_.address),
                              .is_reading_open = options_.open_reading,
                              .is_tls = !options_.certificate_file.empty()});
  audit_.emplace(secrets->audit_file);
  server_ = std::make_unique<http::Server>(server_options(options_, subjects_.log));
  for (ControlRoute& route :
       control_api({subjects_.process, subjects_.log, subjects_.taps, options_.health}))
    add(std::move(route));
  for (ControlRoute& route : more)
    add(std::move(route));
  add_access();
  Status started = server_->start();
  if (started) return started;
  return {started.error().kind,
          "control plane: " + started.error().message +
              " (settings control.address, control.port, control.tls.certificate, "
              "control.tls.key, control.allow_remote)"};
}

void ControlPlane::Impl::add(ControlRoute route) {
  if (auto* events = std::get_if<http::Server::EventsHandler>(&route.handler)) {
    server_->route_events(
        route.path,
        [this, access = route.access, handler = std::move(*events)](
            const Request& request, EventStream stream) -> std::optional<Response> {
          if (auto refused = guard_->refusal(access, request)) return refused;
          return handler(request, std::move(stream));
        });
    return;
  }
  server_->route(route.method, route.path, [this, route](const Request& request) {
    if (auto refused = guard_->refusal(route.access, request)) return std::move(*refused);
    if (route.access == Access::kChange) return change(route, request);
    return std::get<http::Server::Handler>(route.handler)(request);
  });
}

// It is in the audit log before it is done, so that nothing is done that is not in it.
Response ControlPlane::Impl::change(const ControlRoute& route, const Request& request) {
  const std::string target =
      request.query.empty() ? request.path : request.path + "?" + request.query;
  const Clock& clock = subjects_.clock;
  if (Status asked = audit_->append(clock.wall_now(), route.action, target, request.peer, "asked");
      !asked)
    return http::problem(503, "nothing was changed: " + std::string{asked.message()});
  Response response = std::get<http::Server::Handler>(route.handler)(request);
  const std::string outcome = std::to_string(response.status);
  subjects_.log.info(
      "control plane: change",
      {{"action", route.action}, {"target", target}, {"from", request.peer}, {"outcome", outcome}});
  if (Status told = audit_->append(clock.wall_now(), route.action, target, request.peer, outcome);
      !told)
    subjects_.log.error("control plane: a change was made, its outcome is not in the audit log",
                        {{"action", route.action}, {"err", told.message()}});
  return response;
}

void ControlPlane::Impl::add_access() {
  server_->route(http::Method::kGet, "/api/v1/access", [this](const Request& request) {
    if (auto refused = guard_->refusal(Access::kOpen, request)) return std::move(*refused);
    Request as_change = request;  // whatever it lacks beside the token is the page's to add
    as_change.headers.push_back({"Content-Type", "application/json"});
    const auto no_read = guard_->refusal(Access::kRead, request);
    const auto no_change = guard_->refusal(Access::kChange, as_change);
    std::string reason;
    if (no_change)
      reason = nlohmann::json::parse(no_change->body, nullptr, false).value("detail", "");
    Response response = http::json(200, nlohmann::ordered_json{{"read", !no_read.has_value()},
                                                               {"change", !no_change.has_value()},
                                                               {"reason", reason}}
                                            .dump());
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
  });
}

ControlPlane::ControlPlane(ControlPlaneOptions options, Subjects subjects)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(subjects))) {}
ControlPlane::~ControlPlane() = default;
Status ControlPlane::start(std::vector<ControlRoute> more) { return impl_->start(std::move(more)); }
void ControlPlane::stop() { impl_->stop(); }
std::string ControlPlane::url() const { return impl_->url(); }

}  // namespace bora::host
