#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/series_store.hpp"

/// KairosDB's query language, as far as it is served: read, and computed. Private to SeriesApi.
namespace bora::datapoints::kairos {

enum class Unit : std::uint8_t {
  kMilliseconds,
  kSeconds,
  kMinutes,
  kHours,
  kDays,
  kWeeks,
  kMonths,
  kYears
};
struct Span {
  std::int64_t value = 1;
  Unit unit = Unit::kMilliseconds;
};

/// `time` and so many units later; of months and years, the last day of a shorter month. UTC.
[[nodiscard]] WallTime add(WallTime time, Unit unit, std::int64_t units);

enum class Function : std::uint8_t { kMin, kMax, kAvg, kSum, kCount, kFirst, kLast };
enum class Align : std::uint8_t { kFirstPoint, kStart, kEnd };

/// One point of a range for all its points.
struct Aggregator {
  Function function = Function::kMin;
  Span sampling;
  bool aligns_sampling =
      true;  ///< Ranges begin with the day (or week, month, year), else with the query.
  Align time = Align::kFirstPoint;  ///< Which time of a range its point gets.
};

enum class Tag : std::uint8_t { kDevice, kGateway };
[[nodiscard]] std::string_view to_string(Tag tag) noexcept;

struct Metric {
  std::string name;
  std::optional<coldchain::Series> series;  ///< Nothing: there is no such metric.
  bool matches_nothing = false;  ///< It asks for a tag, or for values of it, that no point has.
  std::vector<coldchain::DeviceId> devices;    ///< Empty: all.
  std::vector<coldchain::GatewayId> gateways;  ///< Empty: all.
  std::vector<Tag> group_by;
  std::vector<Aggregator> aggregators;
  std::size_t limit = 0;  ///< Of points, before aggregators. 0: none.
  coldchain::TimeOrder order = coldchain::TimeOrder::kOldestFirst;
  bool shows_tags = true;
};

struct Query {
  coldchain::TimeRange range;
  std::vector<Metric> metrics;
};

/// Reads a query. Fails: kInvalid, naming what is wrong or not served.
[[nodiscard]] Result<Query> parse_query(std::string_view json, WallTime now);

struct Point {
  WallTime time{};
  std::variant<double, std::int64_t> value;
};

/// The points of one group, oldest first, through one aggregator.
[[nodiscard]] std::vector<Point> aggregate(const std::vector<Point>& points, const Aggregator& how,
                                           WallTime query_start);

}  // namespace bora::datapoints::kairos
