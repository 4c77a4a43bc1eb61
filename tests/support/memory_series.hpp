#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "topologies/coldchain/series_store.hpp"

namespace bora::test {

/// A series store that is a map, with a count of what it was asked: the naive model, and what topology
/// tests write to. It may be told to be away, or to refuse points.
/// Threads: thread-safe; its switches are set before others use it, or under quiet().
class MemorySeries final : public coldchain::SeriesStore, public coldchain::SeriesScanner {
 public:
  using Point = coldchain::SeriesPoint;
  using Key = std::tuple<coldchain::DeviceId, coldchain::Series, WallTime, coldchain::GatewayId>;

  [[nodiscard]] static Key key_of(const Point& point) {
    return {point.device_id, point.series, point.time, point.gateway_id};
  }

  Result<std::vector<coldchain::RefusedPoint>> write(std::span<const Point> points) override {
    const std::lock_guard lock{mutex_};
    sizes_.push_back(points.size());
    if (away_ != nullptr)
      if (Status down = away_(); !down) return down;
    std::vector<coldchain::RefusedPoint> refused;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (refuses_ != nullptr && refuses_(points[i])) {
        refused.push_back({i, "this test does not want it"});
        continue;
      }
      if (const auto why = coldchain::why_refused(points[i]); !why.empty()) {
        refused.push_back({i, std::string{why}});
        continue;
      }
      repeated_ += points_.count(key_of(points[i]));
      points_[key_of(points[i])] = points[i];
    }
    return refused;
  }

  [[nodiscard]] Result<std::vector<Point>> points(const coldchain::PointQuery& query) override {
    if (Status good = check(query); !good) return good;
    std::vector<Point> found =
        curve(query.device_id, query.series, query.range.from, query.range.to);
    if (query.order == coldchain::TimeOrder::kNewestFirst)
      found = std::vector<Point>(found.rbegin(), found.rend());
    if (found.size() > query.limit) found.resize(query.limit);
    return found;
  }
  [[nodiscard]] Result<std::vector<coldchain::SeriesInterval>> intervals(
      const coldchain::IntervalQuery& query) override {
    if (Status good = check(query); !good) return good;
    std::map<WallTime, coldchain::SeriesInterval> found;
    for (const Point& point :
         curve(query.device_id, query.series, query.range.from, query.range.to)) {
      WallTime from = query.range.from;
      while (from + query.length <= point.time)
        from += query.length;
      found[from].from = from;
      found[from].add(point.value);
    }
    std::vector<coldchain::SeriesInterval> all;
    for (const auto& [from, interval] : found)
      if (all.size() < query.limit) all.push_back(interval);
    return all;
  }
  Status scan(const coldchain::SeriesScan& scan,
              const std::function<bool(const Point&)>& visit) const override {
    const std::lock_guard lock{mutex_};
    for (const auto& [key, point] : points_) {
      const auto& of = scan.devices;
      const bool is_asked =
          of.empty() || std::find(of.begin(), of.end(), point.device_id) != of.end();
      if (is_asked && point.series == scan.series && point.time >= scan.range.from &&
          point.time <= scan.range.to && !visit(point))
        break;
    }
    return {};
  }

  /// Asked before each write; an error is its answer.
  void when_written(std::function<Status()> away) {
    const std::lock_guard lock{mutex_};
    away_ = std::move(away);
  }
  void refuse(std::function<bool(const Point&)> refuses) {
    const std::lock_guard lock{mutex_};
    refuses_ = std::move(refuses);
  }
  [[nodiscard]] std::map<Key, Point> all() const {
    const std::lock_guard lock{mutex_};
    return points_;
  }
  [[nodiscard]] std::size_t size() const { return all().size(); }
  /// Of each write, in order.
  [[nodiscard]] std::vector<std::size_t> sizes() const {
    const std::lock_guard lock{mutex_};
    return sizes_;
  }
  [[nodiscard]] std::size_t repeated() const {
    const std::lock_guard lock{mutex_};
    return repeated_;
  }

 private:
  [[nodiscard]] std::vector<Point> curve(coldchain::DeviceId device, coldchain::Series series,
                                         WallTime from, WallTime to) const {
    const std::lock_guard lock{mutex_};
    std::vector<Point> found;
    for (const auto& [key, point] : points_)
      if (point.device_id == device && point.series == series && point.time >= from &&
          point.time <= to)
        found.push_back(point);
    return found;
  }

  mutable std::mutex mutex_;
  std::map<Key, Point> points_;
  std::vector<std::size_t> sizes_;
  std::size_t repeated_ = 0;
  std::function<Status()> away_;
  std::function<bool(const Point&)> refuses_;
};

}  // namespace bora::test
