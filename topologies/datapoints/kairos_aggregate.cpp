// Sampling and aggregators as KairosDB computes them: RangeAggregator and its kin of version 1.3.

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "topologies/datapoints/kairos_query.hpp"

namespace bora::datapoints::kairos {

using namespace std::chrono;

namespace {

constexpr std::array<std::int64_t, 6> kUnitMillis{1,         1'000,      60'000,
                                                  3'600'000, 86'400'000, 604'800'000};

bool is_calendar(Unit unit) { return unit == Unit::kMonths || unit == Unit::kYears; }

/// Where ranges begin when sampling is aligned: with the day even for hours and minutes, with Monday,
/// with the first of the month or year; milliseconds with the second.
WallTime aligned(WallTime start, Unit unit) {
  const auto day = floor<days>(start);
  const year_month_day date{day};
  switch (unit) {
    case Unit::kMilliseconds: return floor<seconds>(start);
    case Unit::kWeeks: return day - (weekday{day} - Monday);
    case Unit::kMonths: return sys_days{date.year() / date.month() / 1};
    case Unit::kYears: return sys_days{date.year() / January / 1};
    default: return day;
  }
}

std::int64_t months_between(WallTime from, WallTime to) {
  const year_month_day a{floor<days>(from)};
  const year_month_day b{floor<days>(to)};
  std::int64_t months = (int{b.year()} - int{a.year()}) * 12 +
                        static_cast<int>(unsigned{b.month()}) -
                        static_cast<int>(unsigned{a.month()});
  while (months > 0 && add(from, Unit::kMonths, months) > to)
    --months;
  return months;
}

/// Begin and end of the range that holds `time`, which is not before `origin`.
std::pair<WallTime, WallTime> range_of(WallTime time, WallTime origin, const Span& span) {
  std::int64_t units = 0;
  if (is_calendar(span.unit)) {
    units = months_between(origin, time) / (span.unit == Unit::kYears ? 12 : 1);
  } else {
    units =
        (to_millis(time) - to_millis(origin)) / kUnitMillis[static_cast<std::size_t>(span.unit)];
  }
  const std::int64_t begin = units / span.value * span.value;
  return {add(origin, span.unit, begin), add(origin, span.unit, begin + span.value)};
}

double real(const Point& point) {
  return std::visit([](auto value) { return static_cast<double>(value); }, point.value);
}

Point reduced(const Point* begin, const Point* end, Function function) {
  const auto less = [](const Point& a, const Point& b) { return real(a) < real(b); };
  double sum = 0;
  for (const Point* point = begin; point != end; ++point)
    sum += real(*point);
  switch (function) {
    case Function::kMin: return {{}, real(*std::min_element(begin, end, less))};
    case Function::kMax: return {{}, real(*std::max_element(begin, end, less))};
    case Function::kAvg: return {{}, sum / static_cast<double>(end - begin)};
    case Function::kSum: return {{}, sum};
    case Function::kCount: return {{}, static_cast<std::int64_t>(end - begin)};
    case Function::kFirst: return *begin;
    case Function::kLast: break;
  }
  return *(end - 1);
}

}  // namespace

WallTime add(WallTime time, Unit unit, std::int64_t units) {
  if (!is_calendar(unit))
    return time + milliseconds{units * kUnitMillis[static_cast<std::size_t>(unit)]};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto moved =
      year_month{date.year(), date.month()} + months{units * (unit == Unit::kYears ? 12 : 1)};
  const auto last = year_month_day_last{moved.year(), month_day_last{moved.month()}}.day();
  return sys_days{moved / std::min(date.day(), last)} + (time - day);
}

std::vector<Point> aggregate(const std::vector<Point>& points, const Aggregator& how,
                             WallTime query_start) {
  const WallTime origin =
      how.aligns_sampling ? aligned(query_start, how.sampling.unit) : query_start;
  std::vector<Point> all;
  for (std::size_t i = 0; i < points.size();) {
    const auto [from, to] = range_of(points[i].time, origin, how.sampling);
    std::size_t past = i + 1;
    while (past < points.size() && points[past].time < to)
      ++past;
    Point point = reduced(points.data() + i, points.data() + past, how.function);
    // Unless it is aligned, the last point of a range keeps its own time.
    if (how.time == Align::kStart)
      point.time = from;
    else if (how.time == Align::kEnd)
      point.time = to;
    else if (how.function != Function::kLast)
      point.time = points[i].time;
    all.push_back(point);
    i = past;
  }
  return all;
}

}  // namespace bora::datapoints::kairos
