#include "host/control_plane.hpp"

#include <string_view>
#include <utility>

#include "connectors/http/server.hpp"
#include "host/metrics_text.hpp"
#include "host/page.hpp"
#include "host/views_json.hpp"

namespace bora::host {

namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr std::chrono::milliseconds kDrain{500};

http::ServerOptions server_options(const ControlPlaneOptions& options, Log& log) {
  http::ServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.exposure = options.allow_remote ? http::Exposure::kPlaintext : http::Exposure::kLoopback;
  server.max_body_bytes = 0;  // nothing here takes a body
  server.max_connections = 64;
  server.on_event = [&log](const std::string& text) { log.warn("control plane", {{"err", text}}); };
  return server;
}

Response ready(const ProcessView& view) {
  return http::text(view.state == ProcessState::kRunning ? 200 : 503,
                    std::string{to_string(view.state)} + "\n");
}

Response page_response() {
  Response response{.content_type = "text/html; charset=utf-8", .body = std::string{page()}};
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                       "connect-src 'self'; frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-cache"}};
  return response;
}

}  // namespace

ControlPlane::ControlPlane(const ControlPlaneOptions& options, Log& log,
                           std::function<ProcessView()> look)
    : look_(std::move(look)),
      server_(std::make_unique<http::Server>(server_options(options, log))) {
  server_->route(Method::kGet, "/livez", [](const Request&) { return http::text(200, "alive\n"); });
  server_->route(Method::kGet, "/readyz", [this](const Request&) { return ready(look_()); });
  server_->route(Method::kGet, "/metrics", [this](const Request&) {
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .body = metrics_text(look_())};
  });
  server_->route(Method::kGet, "/api/v1/topology", [this](const Request&) {
    Response response = http::json(200, process_json(look_()));
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
  });
  server_->route(Method::kGet, "/", [](const Request&) { return page_response(); });
}

ControlPlane::~ControlPlane() = default;

Status ControlPlane::start() {
  Status started = server_->start();
  if (started) return started;
  return {started.error().kind,
          "control plane: " + started.error().message +
              " (settings control.address, control.port, control.allow_remote)"};
}

void ControlPlane::stop() { server_->stop(kDrain); }

std::string ControlPlane::url() const { return server_->url(); }

}  // namespace bora::host
