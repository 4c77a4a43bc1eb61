#include "topologies/datapoints/series_api.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "topologies/datapoints/kairos_query.hpp"

namespace bora::datapoints {

using coldchain::SeriesPoint;
using Json = nlohmann::json;

namespace {

constexpr std::string_view kPath = "/api/v1/";

http::Response errors(int status, std::string_view text) {
  return http::json(status,
                    Json{{"errors", {text}}}.dump(-1, ' ', false, Json::error_handler_t::replace));
}

http::Response failure(const Status& status) {
  return errors(status.error().kind == ErrorKind::kInvalid       ? 400
                : status.error().kind == ErrorKind::kUnavailable ? 503
                                                                 : 500,
                status.message());
}

/// What a group has in common: the ids that the metric is grouped by, in the order of its group_by.
using GroupKey = std::vector<std::uint64_t>;

struct Group {
  std::set<std::uint64_t> devices;
  std::set<std::uint64_t> gateways;
  std::vector<kairos::Point> points;
};

std::uint64_t id_of(const SeriesPoint& point, kairos::Tag tag) {
  return tag == kairos::Tag::kDevice ? to_uint(point.device_id) : to_uint(point.gateway_id);
}

/// Answers the metrics of one request, which together may read so many points.
class Answerer {
 public:
  Answerer(const coldchain::SeriesScanner& store, coldchain::TimeRange range, std::size_t points)
      : store_(store), range_(range), points_left_(points) {}

  Result<Json> query(const kairos::Metric& metric);
  Result<Json> tags(const kairos::Metric& metric);

 private:
  Status read(const kairos::Metric& metric, const std::function<void(const SeriesPoint&)>& take);
  [[nodiscard]] Json show(const kairos::Metric& metric, const GroupKey& key, Group& group) const;

  const coldchain::SeriesScanner& store_;
  const coldchain::TimeRange range_;
  std::size_t points_left_;
};

Status Answerer::read(const kairos::Metric& metric,
                      const std::function<void(const SeriesPoint&)>& take) {
  if (!metric.series || metric.matches_nothing) return {};
  bool is_too_much = false;
  Status scanned =
      store_.scan({.series = *metric.series, .range = range_, .devices = metric.devices},
                  [&](const SeriesPoint& point) {
                    is_too_much = points_left_ == 0;
                    if (is_too_much) return false;
                    --points_left_;
                    const auto& of = metric.gateways;
                    if (of.empty() || std::find(of.begin(), of.end(), point.gateway_id) != of.end())
                      take(point);
                    return true;
                  });
  if (scanned && is_too_much)
    return {ErrorKind::kInvalid,
            "the query reads more points than one request may; name devices, or a shorter time"};
  return scanned;
}

Json tags_of(const std::set<std::uint64_t>& devices, const std::set<std::uint64_t>& gateways) {
  Json tags = Json::object();
  // By text, as KairosDB sorts them.
  const auto texts = [](const std::set<std::uint64_t>& ids) {
    std::set<std::string> sorted;
    for (const std::uint64_t id : ids)
      sorted.insert(std::to_string(id));
    return sorted;
  };
  if (!devices.empty()) tags["device"] = texts(devices);
  if (!gateways.empty()) tags["gateway"] = texts(gateways);
  return tags;
}

Json Answerer::show(const kairos::Metric& metric, const GroupKey& key, Group& group) const {
  std::vector<kairos::Point>& points = group.points;
  std::stable_sort(points.begin(), points.end(),
                   [](const kairos::Point& a, const kairos::Point& b) { return a.time < b.time; });
  for (const kairos::Aggregator& aggregator : metric.aggregators)
    points = kairos::aggregate(points, aggregator, range_.from);
  if (metric.order == coldchain::TimeOrder::kNewestFirst)
    std::reverse(points.begin(), points.end());

  Json result{{"name", metric.name}, {"values", Json::array()}};
  Json& groups = result["group_by"] = Json::array({{{"name", "type"}, {"type", "number"}}});
  if (!metric.group_by.empty()) {
    Json by{{"name", "tag"}, {"tags", Json::array()}, {"group", Json::object()}};
    for (std::size_t i = 0; i < key.size(); ++i) {
      by["tags"].push_back(to_string(metric.group_by[i]));
      by["group"][std::string{to_string(metric.group_by[i])}] = std::to_string(key[i]);
    }
    groups.push_back(std::move(by));
  }
  if (metric.shows_tags) result["tags"] = tags_of(group.devices, group.gateways);
  for (const kairos::Point& point : points) {
    const Json value = std::visit([](auto number) { return Json(number); }, point.value);
    result["values"].push_back({to_millis(point.time), value});
  }
  return result;
}

Result<Json> Answerer::query(const kairos::Metric& metric) {
  std::vector<SeriesPoint> found;
  Status done = read(metric, [&](const SeriesPoint& point) { found.push_back(point); });
  if (!done) return done;
  // The limit is of points as they would be listed without groups.
  if (metric.limit > 0 && found.size() > metric.limit) {
    const bool is_forward = metric.order == coldchain::TimeOrder::kOldestFirst;
    std::stable_sort(found.begin(), found.end(), [&](const SeriesPoint& a, const SeriesPoint& b) {
      return is_forward ? a.time < b.time : b.time < a.time;
    });
    found.resize(metric.limit);
  }
  std::map<GroupKey, Group> groups;
  for (const SeriesPoint& point : found) {
    GroupKey key;
    for (const kairos::Tag tag : metric.group_by)
      key.push_back(id_of(point, tag));
    Group& group = groups[key];
    group.devices.insert(to_uint(point.device_id));
    group.gateways.insert(to_uint(point.gateway_id));
    const bool is_whole = point.series == coldchain::Series::kBattery;
    group.points.push_back(
        {point.time,
         is_whole ? std::variant<double, std::int64_t>{static_cast<std::int64_t>(point.value)}
                  : point.value});
  }
  Json results = Json::array();
  for (auto& [key, group] : groups)
    results.push_back(show(metric, key, group));
  if (groups.empty())
    results.push_back({{"name", metric.name}, {"tags", Json::object()}, {"values", Json::array()}});
  return Json{{"sample_size", found.size()}, {"results", std::move(results)}};
}

Result<Json> Answerer::tags(const kairos::Metric& metric) {
  Group all;
  Status done = read(metric, [&](const SeriesPoint& point) {
    all.devices.insert(to_uint(point.device_id));
    all.gateways.insert(to_uint(point.gateway_id));
  });
  if (!done) return done;
  Json result{{"name", metric.name},
              {"tags", tags_of(all.devices, all.gateways)},
              {"values", Json::array()}};
  return Json{{"results", Json::array({std::move(result)})}};
}

using AnswerOne = Result<Json> (Answerer::*)(const kairos::Metric&);

http::Response answer_each(const coldchain::SeriesScanner& store, std::string_view body,
                           WallTime now, std::size_t max_points, AnswerOne answer_one) {
  const auto query = kairos::parse_query(body, now);
  if (!query) return failure(query.status());
  Answerer answerer{store, query->range, max_points};
  Json queries = Json::array();
  for (const kairos::Metric& metric : query->metrics) {
    auto answer = (answerer.*answer_one)(metric);
    if (!answer) return failure(answer.status());
    queries.push_back(*std::move(answer));
  }
  return http::json(200, Json{{"queries", std::move(queries)}}.dump(
                             -1, ' ', false, Json::error_handler_t::replace));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The value of `name` in the query of a URL, decoded; empty when it is not there.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
    pair.remove_prefix(name.size() + 1);
    std::string value;
    for (std::size_t i = 0; i < pair.size(); ++i) {
      const bool is_code = pair[i] == '%' && i + 2 < pair.size() && hex_digit(pair[i + 1]) >= 0 &&
                           hex_digit(pair[i + 2]) >= 0;
      if (is_code) {
        value += static_cast<char>(hex_digit(pair[i + 1]) * 16 + hex_digit(pair[i + 2]));
        i += 2;
      } else {
        value += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    return value;
  }
  return {};
}

}  // namespace

http::Response SeriesApi::query(std::string_view body) const {
  return answer_each(store_, body, clock_.wall_now(), options_.max_points, &Answerer::query);
}

http::Response SeriesApi::tags(std::string_view body) const {
  return answer_each(store_, body, clock_.wall_now(), options_.max_points, &Answerer::tags);
}

http::Response SeriesApi::metric_names(std::string_view prefix) const {
  Json names = Json::array();
  for (const auto series : {coldchain::Series::kBattery, coldchain::Series::kTemperature})
    if (to_string(series).starts_with(prefix)) names.push_back(to_string(series));
  return http::json(200, Json{{"results", std::move(names)}}.dump());
}

void SeriesApi::mount(http::Server& server) const {
  const std::string path{kPath};
  server.route(http::Method::kPost, path + "datapoints/query",
               [api = *this](const http::Request& request) { return api.query(request.body); });
  server.route(http::Method::kGet, path + "datapoints/query",
               [api = *this](const http::Request& request) {
                 return api.query(parameter(request.query, "query"));
               });
  server.route(http::Method::kPost, path + "datapoints/query/tags",
               [api = *this](const http::Request& request) { return api.tags(request.body); });
  server.route(http::Method::kGet, path + "metricnames",
               [api = *this](const http::Request& request) {
                 return api.metric_names(parameter(request.query, "prefix"));
               });
}

}  // namespace bora::datapoints
