#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/series_store.hpp"

/// One device's curve over any range, in as many points as a picture can show.
///
/// Threads: free functions; any.
namespace bora::dashboard {

struct CurveQuery {
  coldchain::DeviceId device{};
  coldchain::TimeRange range;
  /// Of the intervals that points are put together in; 0: every reading by itself. Not set: readings by
  /// themselves while they are few, else the least step of a clock (1 min, 5 min, ...) that suffices.
  std::optional<std::chrono::milliseconds> step = {};
};

struct Curve {
  CurveQuery query;  ///< With the step that was taken.
  struct Point {
    WallTime time{};
    coldchain::SeriesInterval temperature;
    std::optional<coldchain::SeriesInterval> battery = {};
  };
  std::vector<Point> points = {};  ///< By time; steps without a reading are left out.
};

/// Most points of an answer whose step was not set; the least step that may be set makes five times as
/// many.
inline constexpr std::size_t kCurvePoints = 2'000;

/// The least step of a clock that cuts `range` into at most kCurvePoints pieces.
[[nodiscard]] std::chrono::milliseconds step_for(const coldchain::TimeRange& range);

/// Fails: as the reader does; kInvalid for a reversed range and a step that makes too many points.
[[nodiscard]] Result<Curve> read_curve(coldchain::SeriesReader& reader, CurveQuery query);

[[nodiscard]] std::string curve_json(const Curve& curve);
/// RFC 4180, with a line of names and times in UTC.
[[nodiscard]] std::string curve_csv(const Curve& curve);

}  // namespace bora::dashboard
