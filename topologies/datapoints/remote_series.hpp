#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "bora/status.hpp"
#include "connectors/timeseries/endpoint.hpp"
#include "connectors/timeseries/influx.hpp"
#include "connectors/timeseries/kairosdb.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::datapoints {

/// The curves in a KairosDB: metrics `temperature` (double) and `battery` (long), tags `device` and
/// `gateway`. A point may be seen a moment after its write only.
/// Threads: single-owner.
class KairosSeries final : public coldchain::SeriesStore {
 public:
  explicit KairosSeries(timeseries::EndpointOptions options) : kairos_(std::move(options)) {}

  Result<std::vector<coldchain::RefusedPoint>> write(
      std::span<const coldchain::SeriesPoint> points) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesPoint>> points(
      const coldchain::PointQuery& query) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesInterval>> intervals(
      const coldchain::IntervalQuery& query) override;

 private:
  timeseries::KairosDb kairos_;
};

/// The curves in a store that takes InfluxDB's line protocol: measurements `temperature` and `battery`,
/// tags `device` and `gateway`, field `value`. Queries are InfluxQL, which InfluxDB 1.x answers.
/// Threads: single-owner.
class InfluxSeries final : public coldchain::SeriesStore {
 public:
  explicit InfluxSeries(timeseries::EndpointOptions options) : influx_(std::move(options)) {}

  Result<std::vector<coldchain::RefusedPoint>> write(
      std::span<const coldchain::SeriesPoint> points) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesPoint>> points(
      const coldchain::PointQuery& query) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesInterval>> intervals(
      const coldchain::IntervalQuery& query) override;

 private:
  timeseries::Influx influx_;
};

/// What both write: the points that any store takes, by curve and time, and where each came from.
struct RemoteBatch {
  std::vector<timeseries::Sample> samples;
  std::vector<std::size_t> index;  ///< Of each sample's point in the batch.
  std::vector<coldchain::RefusedPoint> refused;
};
[[nodiscard]] RemoteBatch remote_batch(std::span<const coldchain::SeriesPoint> points);

}  // namespace bora::datapoints
