#include "topologies/coldchain/series_store.hpp"

#include <cmath>

namespace bora::coldchain {
namespace {

Status check(const TimeRange& range, std::size_t limit) {
  if (range.to < range.from)
    return {ErrorKind::kInvalid, "the query ends before it begins; exchange the two times"};
  if (limit == 0) return {ErrorKind::kInvalid, "a query for nothing: its limit is 0"};
  return {};
}

}  // namespace

Status check(const PointQuery& query) { return check(query.range, query.limit); }

Status check(const IntervalQuery& query) {
  if (query.length <= std::chrono::milliseconds{0})
    return {ErrorKind::kInvalid, "the intervals of a query must last at least 1 ms"};
  return check(query.range, query.limit);
}

std::string_view why_refused(const SeriesPoint& point) noexcept {
  if (!std::isfinite(point.value)) return "its value is not finite";
  if (point.series == Series::kTemperature) return {};
  const bool is_percent = point.value >= 0 && point.value <= 100;
  return is_percent && std::floor(point.value) == point.value
             ? std::string_view{}
             : std::string_view{"a battery is a whole percentage of 0 to 100"};
}

}  // namespace bora::coldchain
