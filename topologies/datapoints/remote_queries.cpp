// How curves are read from stores outside: KairosDB's queries in JSON, and InfluxQL.

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "topologies/datapoints/remote_series.hpp"

namespace bora::datapoints {

using coldchain::IntervalQuery;
using coldchain::PointQuery;
using coldchain::SeriesInterval;
using coldchain::SeriesPoint;
using Json = nlohmann::json;

namespace {

Error senseless(std::string_view store) {
  return {ErrorKind::kCorrupt,
          std::string{store} + " answered a query with what this program does not understand"};
}

coldchain::GatewayId gateway_of(const std::string& text) {
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return coldchain::GatewayId{id};
}

/// Curves of several gateways, each by time, as one, in the order and of the size that was asked for.
std::vector<SeriesPoint> merged(std::vector<SeriesPoint> points, const PointQuery& query) {
  const auto by = [](const SeriesPoint& p) { return std::tuple{p.time, p.gateway_id}; };
  const bool is_forward = query.order == coldchain::TimeOrder::kOldestFirst;
  std::sort(points.begin(), points.end(), [&](const SeriesPoint& a, const SeriesPoint& b) {
    return is_forward ? by(a) < by(b) : by(b) < by(a);
  });
  if (points.size() > query.limit) points.resize(query.limit);
  return points;
}

Json kairos_query(coldchain::DeviceId device, coldchain::TimeRange range, Json metrics) {
  for (Json& metric : metrics)
    metric["tags"]["device"] = Json::array({std::to_string(to_uint(device))});
  return {{"start_absolute", to_millis(range.from)},
          {"end_absolute", to_millis(range.to)},
          {"metrics", std::move(metrics)}};
}

/// Aggregators of KairosDB and the members that they fill, one metric of the query for each.
using Fill = void (*)(SeriesInterval&, const Json&);
constexpr std::array<std::pair<const char*, Fill>, 6> kAggregators{{
    {"count", [](SeriesInterval& i, const Json& v) { i.count = v.get<std::uint64_t>(); }},
    {"min", [](SeriesInterval& i, const Json& v) { i.min = v.get<double>(); }},
    {"max", [](SeriesInterval& i, const Json& v) { i.max = v.get<double>(); }},
    {"sum", [](SeriesInterval& i, const Json& v) { i.sum = v.get<double>(); }},
    {"first", [](SeriesInterval& i, const Json& v) { i.first = v.get<double>(); }},
    {"last", [](SeriesInterval& i, const Json& v) { i.last = v.get<double>(); }},
}};

std::vector<SeriesInterval> values_of(const std::map<std::int64_t, SeriesInterval>& found,
                                      std::size_t limit) {
  std::vector<SeriesInterval> intervals;
  for (const auto& [from, interval] : found) {
    if (intervals.size() == limit) break;
    intervals.push_back(interval);
    intervals.back().from = from_millis(from);
  }
  return intervals;
}

std::string influx_where(coldchain::DeviceId device, coldchain::TimeRange range) {
  return " WHERE device = '" + std::to_string(to_uint(device)) +
         "' AND time >= " + std::to_string(to_millis(range.from)) +
         "ms AND time <= " + std::to_string(to_millis(range.to)) + "ms";
}

/// The rows of one statement, of every series in its answer, with the value of the tag `gateway`.
template <class Row>
Status each_influx_row(const std::string& body, Row row) {
  try {
    const Json answer = Json::parse(body);
    for (const Json& result : answer.at("results")) {
      if (result.contains("error"))
        return {ErrorKind::kInvalid, "InfluxDB: " + result["error"].get<std::string>()};
      for (const Json& series : result.value("series", Json::array())) {
        const Json tags = series.value("tags", Json::object());
        for (const Json& values : series.at("values"))
          row(values, tags.value("gateway", std::string{}));
      }
    }
  } catch (const Json::exception&) {
    return senseless("InfluxDB");
  }
  return {};
}

}  // namespace

// Grouping by a tag would say it in one query, but a KairosDB on Java 15 or later has no engine for the
// script that validates it, and refuses it. So a second query follows when there are several gateways.
Result<std::vector<SeriesPoint>> KairosSeries::points(const PointQuery& query) {
  if (Status good = check(query); !good) return good;
  const auto ask = [&](const std::vector<std::string>& gateways) -> Result<Json> {
    Json metrics = Json::array();
    for (const std::string& gateway : gateways)
      metrics.push_back({{"name", to_string(query.series)}, {"tags", {{"gateway", {gateway}}}}});
    if (gateways.empty()) metrics.push_back({{"name", to_string(query.series)}});
    auto answer =
        kairos_.query(kairos_query(query.device_id, query.range, std::move(metrics)).dump());
    if (!answer) return answer.status();
    return Json::parse(*answer, nullptr, false);
  };
  std::vector<SeriesPoint> points;
  const auto take = [&](const Json& result, const std::string& gateway) {
    for (const Json& value : result.at("values"))
      points.push_back({.device_id = query.device_id,
                        .gateway_id = gateway_of(gateway),
                        .time = from_millis(value.at(0).get<std::int64_t>()),
                        .value = value.at(1).get<double>(),
                        .series = query.series});
  };
  try {
    auto answer = ask({});
    if (!answer) return answer.status();
    const Json& result = answer->at("queries").at(0).at("results").at(0);
    if (result.at("values").empty()) return points;
    const auto gateways = result.at("tags").at("gateway").get<std::vector<std::string>>();
    if (gateways.size() == 1) {
      take(result, gateways.front());
    } else {
      auto apart = ask(gateways);
      if (!apart) return apart.status();
      for (std::size_t i = 0; i < gateways.size(); ++i)
        take(apart->at("queries").at(i).at("results").at(0), gateways[i]);
    }
  } catch (const Json::exception&) {
    return senseless("KairosDB");
  }
  return merged(std::move(points), query);
}

Result<std::vector<SeriesInterval>> KairosSeries::intervals(const IntervalQuery& query) {
  if (Status good = check(query); !good) return good;
  Json metrics = Json::array();
  for (const auto& aggregator : kAggregators) {
    const Json sampling{{"value", query.length.count()}, {"unit", "milliseconds"}};
    metrics.push_back({{"name", to_string(query.series)},
                       {"aggregators",
                        {{{"name", aggregator.first},
                          {"sampling", sampling},
                          {"align_sampling", false},
                          {"align_start_time", true}}}}});
  }
  auto answer =
      kairos_.query(kairos_query(query.device_id, query.range, std::move(metrics)).dump());
  if (!answer) return answer.status();
  std::map<std::int64_t, SeriesInterval> found;
  try {
    const Json parsed = Json::parse(*answer);
    for (std::size_t i = 0; i < kAggregators.size(); ++i)
      for (const Json& result : parsed.at("queries").at(i).at("results"))
        for (const Json& value : result.at("values"))
          kAggregators[i].second(found[value.at(0).get<std::int64_t>()], value.at(1));
  } catch (const Json::exception&) {
    return senseless("KairosDB");
  }
  return values_of(found, query.limit);
}

Result<std::vector<SeriesPoint>> InfluxSeries::points(const PointQuery& query) {
  if (Status good = check(query); !good) return good;
  const bool is_forward = query.order == coldchain::TimeOrder::kOldestFirst;
  const std::string text = "SELECT value FROM " + std::string{to_string(query.series)} +
                           influx_where(query.device_id, query.range) +
                           " GROUP BY gateway ORDER BY time " + (is_forward ? "ASC" : "DESC") +
                           " LIMIT " + std::to_string(query.limit);
  auto answer = influx_.query(text);
  if (!answer) return answer.status();
  std::vector<SeriesPoint> points;
  Status read = each_influx_row(*answer, [&](const Json& row, const std::string& gateway) {
    points.push_back({.device_id = query.device_id,
                      .gateway_id = gateway_of(gateway),
                      .time = from_millis(row.at(0).get<std::int64_t>()),
                      .value = row.at(1).get<double>(),
                      .series = query.series});
  });
  if (!read) return read;
  return merged(std::move(points), query);
}

Result<std::vector<SeriesInterval>> InfluxSeries::intervals(const IntervalQuery& query) {
  if (Status good = check(query); !good) return good;
  const std::int64_t length = query.length.count();
  const std::int64_t offset = ((to_millis(query.range.from) % length) + length) % length;
  const std::string text =
      "SELECT count(value), min(value), max(value), sum(value), first(value), last(value) FROM " +
      std::string{to_string(query.series)} + influx_where(query.device_id, query.range) +
      " GROUP BY time(" + std::to_string(length) + "ms, " + std::to_string(offset) +
      "ms) FILL(none)";
  auto answer = influx_.query(text);
  if (!answer) return answer.status();
  std::map<std::int64_t, SeriesInterval> found;
  Status read = each_influx_row(*answer, [&](const Json& row, const std::string&) {
    if (row.at(1).is_null() || row.at(1) == 0) return;
    SeriesInterval& interval = found[row.at(0).get<std::int64_t>()];
    interval.count = row.at(1).get<std::uint64_t>();
    interval.min = row.at(2).get<double>();
    interval.max = row.at(3).get<double>();
    interval.sum = row.at(4).get<double>();
    interval.first = row.at(5).get<double>();
    interval.last = row.at(6).get<double>();
  });
  if (!read) return read;
  return values_of(found, query.limit);
}

}  // namespace bora::datapoints
