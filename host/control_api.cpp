#include "host/control_api.hpp"

#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "connectors/http/target.hpp"
#include "host/metrics_text.hpp"
#include "host/openapi.hpp"
#include "host/page.hpp"
#include "host/readiness.hpp"
#include "host/views_json.hpp"

namespace bora::host {

namespace {

using http::EventStream;
using http::Method;
using http::Request;
using http::Response;
using nlohmann::ordered_json;

constexpr std::array kLevels{LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError};

// Routes for everybody.
ControlRoute open_route(std::string path, http::Server::Handler handler) {
  return {Method::kGet, std::move(path), Access::kOpen, {}, std::move(handler)};
}

Response fresh(Response response) {
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

Response health(const ProcessView& view, const std::vector<Reason>& reasons, int when_not) {
  return fresh(http::json(reasons.empty() ? 200 : when_not, readiness_json(view.state, reasons)));
}

Response page_response(const Request&) {
  Response response{.content_type = "text/html; charset=utf-8", .body = std::string{page()}};
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                       "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-cache"}};
  return response;
}

// A count in the query, within bounds; nothing when it is none.
std::optional<std::uint32_t> count_in(const Request& request, std::string_view name,
                                      std::uint32_t otherwise, std::uint32_t most) {
  const auto text = http::find_in_query(request.query, name);
  if (!text) return otherwise;
  std::uint32_t count = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (fault != std::errc{} || end != text->data() + text->size() || count < 1 || count > most)
    return std::nullopt;
  return count;
}

Response bad_count(std::string_view name, std::uint32_t most) {
  return http::problem(400,
                       std::string{name} + " is a whole number from 1 to " + std::to_string(most));
}

constexpr std::uint32_t kMostLines = 1'000;
constexpr std::uint32_t kMostRate = 50;

void add_probes(const ControlSubjects& on, std::vector<ControlRoute>& out) {
  Operated& process = on.process;
  const HealthLimits limits = on.health;
  out.push_back(open_route("/livez", [&process, limits](const Request&) {
    const ProcessView view = process.look();
    return health(view, reasons_dead(view, limits), 503);
  }));
  out.push_back(open_route("/startupz", [&process](const Request&) {
    const ProcessView view = process.look();
    std::vector<Reason> reasons;
    if (view.state == ProcessState::kStarting)
      reasons.push_back({Reason::Kind::kState, {}, {}, "not every part has started yet"});
    return health(view, reasons, 503);
  }));
  out.push_back(open_route("/readyz", [&process, limits](const Request&) {
    const ProcessView view = look_at(process, limits);
    return health(view, view.unready, 503);
  }));
}

void add_views(const ControlSubjects& on, std::vector<ControlRoute>& out) {
  Operated& process = on.process;
  const HealthLimits limits = on.health;
  out.push_back(open_route("/", page_response));
  out.push_back(open_route("/api/v1/openapi.yaml", [](const Request&) {
    return Response{.content_type = "application/yaml", .body = std::string{openapi_document()}};
  }));
  out.push_back(open_route("/metrics", [&process, limits](const Request&) {
    return Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                    .body = metrics_text(look_at(process, limits))};
  }));
  ControlRoutes routes;
  routes.get("/api/v1/topology", [&process, limits](const Request& request) {
    const bool wants_buckets = http::find_in_query(request.query, "buckets") == "true";
    const auto detail = wants_buckets ? LatencyDetail::kBuckets : LatencyDetail::kPercentiles;
    return fresh(http::json(200, process_json(look_at(process, limits), detail)));
  });
  for (ControlRoute& route : std::move(routes).take())
    out.push_back(std::move(route));
}

Response level_response(const Log& log) {
  return fresh(http::json(200, ordered_json{{"level", to_string(log.level())}}.dump()));
}

Response set_level(Log& log, const Request& request) {
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (body.is_object() && body.size() == 1 && body.contains("level") && body["level"].is_string())
    for (const LogLevel level : kLevels)
      if (body["level"].get_ref<const std::string&>() == to_string(level)) {
        log.set_level(level);
        return level_response(log);
      }
  return http::problem(400, R"(send {"level": L}, L one of debug, info, warn, error)");
}

Response tail(const Log& log, const Request& request) {
  const auto limit = count_in(request, "limit", 200, kMostLines);
  if (!limit) return bad_count("limit", kMostLines);
  std::string body = "{\"lines\":[";
  for (const std::string& line : log.tail(*limit))
    body.append(body.back() == '[' ? "" : ",").append(line);
  return fresh(http::json(200, body + "]}"));
}

std::optional<Response> follow(Log& log, const Request& request, const EventStream& stream) {
  const auto limit = count_in(request, "limit", 200, kMostLines);
  if (!limit) return bad_count("limit", kMostLines);
  log.follow(*limit, [stream](std::string_view line) { return stream.send("line", line); });
  return std::nullopt;
}

void add_log(const ControlSubjects& on, ControlRoutes& routes) {
  Log& log = on.log;
  routes.get("/api/v1/log-level", [&log](const Request&) { return level_response(log); });
  routes.change(Method::kPut, "/api/v1/log-level", "log_level.set",
                [&log](const Request& request) { return set_level(log, request); });
  routes.get("/api/v1/logs", [&log](const Request& request) { return tail(log, request); });
  routes.events("/api/v1/logs/stream", [&log](const Request& request, EventStream stream) {
    return follow(log, request, stream);
  });
}

std::optional<Response> tap(const Taps& taps, const Request& request, EventStream stream) {
  const std::string name = http::find_in_query(request.query, "stream").value_or("");
  const auto rate = count_in(request, "rate", 5, kMostRate);
  if (!rate) return bad_count("rate", kMostRate);
  if (name.empty()) return http::problem(400, "say which stream: ?stream=NAME");
  const auto point = taps.find(name);
  if (!point)
    return http::problem(404, "no stream \"" + name +
                                  "\" can be tapped: those that can are \"taps\" in "
                                  "/api/v1/topology");
  point->watch(*rate, [stream = std::move(stream)](std::string_view sample) {
    return stream.send("sample", sample);
  });
  return std::nullopt;
}

enum class Flow { kPause, kResume };

Response change_flow(Operated& process, Flow flow, const Request& request) {
  const std::string& spout = request.parameter("name");
  const std::string topology = http::find_in_query(request.query, "topology").value_or("");
  const auto done =
      flow == Flow::kPause ? process.pause(spout, topology) : process.resume(spout, topology);
  if (!done)
    return http::problem(done.error().kind == ErrorKind::kInvalid ? 409 : 404,
                         done.error().message);
  return http::json(
      200,
      ordered_json{{"topology", *done}, {"spout", spout}, {"paused", flow == Flow::kPause}}.dump());
}

void add_operations(const ControlSubjects& on, ControlRoutes& routes) {
  Operated& process = on.process;
  routes.change(
      Method::kPost, "/api/v1/spouts/{name}/pause", "spout.pause",
      [&process](const Request& request) { return change_flow(process, Flow::kPause, request); });
  routes.change(
      Method::kPost, "/api/v1/spouts/{name}/resume", "spout.resume",
      [&process](const Request& request) { return change_flow(process, Flow::kResume, request); });
  routes.change(Method::kPost, "/api/v1/drain", "process.drain", [&process](const Request&) {
    process.drain();
    return http::json(
        202, readiness_json(process.look().state,
                            {{Reason::Kind::kState, {}, {}, "the process drains, then it ends"}}));
  });
}

}  // namespace

std::vector<ControlRoute> control_api(const ControlSubjects& subjects) {
  std::vector<ControlRoute> list;
  add_probes(subjects, list);
  add_views(subjects, list);
  ControlRoutes routes;
  add_log(subjects, routes);
  add_operations(subjects, routes);
  Taps& taps = subjects.taps;
  routes.events("/api/v1/tap", [&taps](const Request& request, EventStream stream) {
    return tap(taps, request, std::move(stream));
  });
  for (ControlRoute& route : std::move(routes).take())
    list.push_back(std::move(route));
  return list;
}

ProcessView look_at(const Operated& process, const HealthLimits& health) {
  ProcessView view = process.look();
  view.unready = reasons_unready(view, health);
  return view;
}

}  // namespace bora::host
