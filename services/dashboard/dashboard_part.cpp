#include "services/dashboard/dashboard_part.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "connectors/http/target.hpp"
#include "host/control_routes.hpp"
#include "services/dashboard/device_curve.hpp"
#include "services/dashboard/fleet_json.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::dashboard {

namespace {

using coldchain::DeviceId;
using http::Request;
using http::Response;

constexpr std::uint64_t kMostAlerts = 1'000;

Response fresh(Response response) {
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Response bad_parameter(std::string_view name, std::string_view what) {
  return http::problem(400, std::string{name} + " must be " + std::string{what});
}

Response failed(const Status& status) {
  return http::problem(status.error().kind == ErrorKind::kInvalid ? 400 : 503, status.message());
}

/// `from`, `to` and `step` of a query; the last day when there are none.
Result<CurveQuery> curve_query(const Request& request, DeviceId device, WallTime now) {
  CurveQuery query{.device = device, .range = {now - std::chrono::hours{24}, now}};
  for (const auto& [name, end] : {std::pair{"from", &query.range.from}, {"to", &query.range.to}}) {
    const auto text = http::find_in_query(request.query, name);
    if (!text) continue;
    const auto time = coldchain::parse_time(*text);
    if (!time) return time.status();
    *end = *time;
  }
  if (const auto text = http::find_in_query(request.query, "step")) {
    const auto step = whole_number(*text);
    constexpr std::uint64_t kTenYears = 315'360'000'000;
    if (!step || *step > kTenYears)
      return Status{ErrorKind::kInvalid, "step must be milliseconds, at most ten years"};
    query.step = std::chrono::milliseconds{*step};
  }
  return query;
}

}  // namespace

DashboardPart::DashboardPart(DashboardParts parts, const Clock& clock)
    : parts_(std::move(parts)), clock_(clock), run_(std::to_string(to_millis(clock.wall_now()))) {}

Status DashboardPart::start() {
  reader_ = std::make_unique<FleetReader>(
      fleet_, FleetSources{parts_.registry(), parts_.readings(), parts_.alerts(), parts_.series()},
      [this](const std::string& fault) {
        if (host_.log) host_.log(host::LogLevel::kWarn, fault);
      });
  return {};
}

void DashboardPart::stop(std::chrono::milliseconds) { reader_.reset(); }

void DashboardPart::add_routes(host::ControlRoutes& routes) {
  routes.get("/api/v1/devices", [this](const Request& request) { return devices(request); });
  routes.get("/api/v1/devices/{id}/series",
             [this](const Request& request) { return curve(request); });
  routes.get("/api/v1/alerts", [this](const Request& request) { return alerts(request); });
  routes.get("/api/v1/gateways", [this](const Request&) {
    return fresh(http::json(200, gateways_json(fleet_.gateways(), clock_.wall_now())));
  });
}

Response DashboardPart::devices(const Request& request) const {
  const auto since = http::find_in_query(request.query, "since");
  return fresh(http::json(200, devices_json(fleet_, run_, since.value_or(""), clock_.wall_now())));
}

Response DashboardPart::curve(const Request& request) const {
  const auto id = whole_number(request.parameter("id"));
  if (!id) return bad_parameter("the id of a device", "a whole number");
  const auto query = curve_query(request, DeviceId{*id}, clock_.wall_now());
  if (!query) return failed(query.status());
  const auto series = parts_.series();
  const auto curve = read_curve(*series, *query);
  if (!curve) return failed(curve.status());
  const bool is_csv = http::find_in_query(request.query, "format") == "csv";
  if (!is_csv) return fresh(http::json(200, curve_json(*curve)));
  Response response{.content_type = "text/csv; charset=utf-8", .body = curve_csv(*curve)};
  response.headers.push_back(
      {"Content-Disposition", "attachment; filename=\"device-" + std::to_string(*id) + ".csv\""});
  return fresh(std::move(response));
}

Response DashboardPart::alerts(const Request& request) const {
  std::optional<DeviceId> device;
  if (const auto text = http::find_in_query(request.query, "device")) {
    const auto id = whole_number(*text);
    if (!id) return bad_parameter("device", "a whole number");
    device = DeviceId{*id};
  }
  std::uint64_t limit = 100;
  if (const auto text = http::find_in_query(request.query, "limit")) {
    const auto number = whole_number(*text);
    if (!number || *number == 0) return bad_parameter("limit", "a whole number above 0");
    limit = std::min(*number, kMostAlerts);
  }
  return fresh(http::json(200, alerts_json(fleet_.alerts(device, limit))));
}

}  // namespace bora::dashboard
