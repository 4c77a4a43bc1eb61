#include "services/dashboard/device_curve.hpp"

#include <array>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "topologies/coldchain/time_text.hpp"

namespace bora::dashboard {

namespace {

using coldchain::Series;
using coldchain::SeriesInterval;
using coldchain::SeriesReader;
using std::chrono::milliseconds;
using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr std::array<milliseconds, 17> kSteps{1s,    5s, 10s, 30s, 1min, 2min, 5min, 10min, 15min,
                                              30min, 1h, 2h,  3h,  6h,   12h,  24h,  168h};
constexpr std::size_t kMostPoints = 5 * kCurvePoints;

// Points of one time, which two gateways brought, are one.
Result<std::vector<SeriesInterval>> single_points(SeriesReader& reader, const CurveQuery& query,
                                                  Series series, std::size_t limit) {
  auto points = reader.points({query.device, series, query.range, limit});
  if (!points) return points.status();
  std::vector<SeriesInterval> found;
  for (const coldchain::SeriesPoint& point : *points) {
    if (found.empty() || found.back().from != point.time) found.push_back({.from = point.time});
    found.back().add(point.value);
  }
  return found;
}

Result<std::vector<SeriesInterval>> read(SeriesReader& reader, const CurveQuery& query,
                                         Series series) {
  if (query.step == 0ms) return single_points(reader, query, series, kMostPoints);
  return reader.intervals({query.device, series, query.range, *query.step, kMostPoints});
}

// So that a range that moves on with the clock keeps its steps where they were.
void align(CurveQuery& query) {
  const auto step = query.step->count();
  const auto from = to_millis(query.range.from);
  query.range.from = from_millis(from - ((from % step) + step) % step);
}

Result<Curve> joined(SeriesReader& reader, CurveQuery query) {
  auto temperature = read(reader, query, Series::kTemperature);
  if (!temperature) return temperature.status();
  auto battery = read(reader, query, Series::kBattery);
  if (!battery) return battery.status();
  std::map<WallTime, SeriesInterval> charges;
  for (const SeriesInterval& interval : *battery)
    charges.emplace(interval.from, interval);
  Curve curve{.query = query};
  for (const SeriesInterval& interval : *temperature) {
    Curve::Point point{.time = interval.from, .temperature = interval};
    if (const auto charge = charges.find(interval.from); charge != charges.end())
      point.battery = charge->second;
    curve.points.push_back(std::move(point));
  }
  return curve;
}

}  // namespace

milliseconds step_for(const coldchain::TimeRange& range) {
  const auto length = range.to - range.from;
  for (const milliseconds step : kSteps)
    if (length / step < static_cast<std::int64_t>(kCurvePoints)) return step;
  // Beyond 38 years: whole weeks.
  constexpr milliseconds kWeek = kSteps.back();
  return kWeek * (length / kWeek / static_cast<std::int64_t>(kCurvePoints) + 1);
}

Result<Curve> read_curve(SeriesReader& reader, CurveQuery query) {
  if (query.range.to < query.range.from)
    return Status{ErrorKind::kInvalid, "from is after to: swap them"};
  if (!query.step) {
    auto few = single_points(reader, query, Series::kTemperature, kCurvePoints + 1);
    if (!few) return few.status();
    query.step = few->size() <= kCurvePoints ? 0ms : step_for(query.range);
  }
  if (*query.step < 0ms) return Status{ErrorKind::kInvalid, "step is negative"};
  if (*query.step != 0ms) {
    if ((query.range.to - query.range.from) / *query.step >= static_cast<std::int64_t>(kMostPoints))
      return Status{ErrorKind::kInvalid,
                    "step makes more than " + std::to_string(kMostPoints) +
                        " points of this range: ask for a longer step, or leave it out"};
    align(query);
  }
  return joined(reader, query);
}

std::string curve_json(const Curve& curve) {
  const auto columns = [] {
    return Json{{"min", Json::array()}, {"max", Json::array()}, {"avg", Json::array()}};
  };
  const auto add = [](Json& to, const SeriesInterval* interval) {
    to["min"].push_back(interval ? Json(interval->min) : Json());
    to["max"].push_back(interval ? Json(interval->max) : Json());
    to["avg"].push_back(interval ? Json(interval->average()) : Json());
  };
  Json time = Json::array();
  Json temperature = columns();
  Json battery = columns();
  for (const Curve::Point& point : curve.points) {
    time.push_back(to_millis(point.time));
    add(temperature, &point.temperature);
    add(battery, point.battery ? &*point.battery : nullptr);
  }
  return Json{{"device", coldchain::record_key(curve.query.device)},
              {"from", to_millis(curve.query.range.from)},
              {"to", to_millis(curve.query.range.to)},
              {"step", curve.query.step.value_or(0ms).count()},
              {"time", std::move(time)},
              {"temperature", std::move(temperature)},
              {"battery", std::move(battery)}}
      .dump();
}

std::string curve_csv(const Curve& curve) {
  std::string csv = "time,temperature_min,temperature_avg,temperature_max,battery_avg\r\n";
  const auto number = [&](double value) { csv += ',' + Json(value).dump(); };
  for (const Curve::Point& point : curve.points) {
    csv += coldchain::format_time(point.time);
    number(point.temperature.min);
    number(point.temperature.average());
    number(point.temperature.max);
    if (point.battery) {
      number(point.battery->average());
    } else {
      csv += ',';
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace bora::dashboard
