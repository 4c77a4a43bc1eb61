#include "topologies/datapoints/remote_series.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

namespace bora::datapoints {

using coldchain::RefusedPoint;
using coldchain::Series;
using coldchain::SeriesPoint;

namespace {

timeseries::Sample sample_of(const SeriesPoint& point) {
  timeseries::Sample sample;
  sample.metric = std::string{to_string(point.series)};
  sample.tags = {{"device", std::to_string(to_uint(point.device_id))},
                 {"gateway", std::to_string(to_uint(point.gateway_id))}};
  sample.time_ms = to_millis(point.time);
  if (point.series == Series::kBattery)
    sample.value = static_cast<std::int64_t>(point.value);
  else
    sample.value = point.value;
  return sample;
}

Result<std::vector<RefusedPoint>> outcome_of(RemoteBatch batch,
                                             Result<std::vector<timeseries::Refused>> written) {
  if (!written) return written.status();
  for (timeseries::Refused& refused : *written)
    batch.refused.push_back({batch.index[refused.index], std::move(refused.reason)});
  std::sort(batch.refused.begin(), batch.refused.end(),
            [](const RefusedPoint& a, const RefusedPoint& b) { return a.index < b.index; });
  return std::move(batch.refused);
}

}  // namespace

RemoteBatch remote_batch(std::span<const SeriesPoint> points) {
  RemoteBatch batch;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (const auto why = coldchain::why_refused(points[i]); !why.empty())
      batch.refused.push_back({i, std::string{why}});
    else
      batch.index.push_back(i);
  }
  const auto curve_and_time = [&](std::size_t i) {
    const SeriesPoint& p = points[i];
    return std::tuple{p.device_id, p.series, p.gateway_id, p.time};
  };
  // Stable: of two for one time the later one wins.
  std::stable_sort(batch.index.begin(), batch.index.end(), [&](std::size_t a, std::size_t b) {
    return curve_and_time(a) < curve_and_time(b);
  });
  batch.samples.reserve(batch.index.size());
  for (const std::size_t i : batch.index)
    batch.samples.push_back(sample_of(points[i]));
  return batch;
}

Result<std::vector<RefusedPoint>> KairosSeries::write(std::span<const SeriesPoint> points) {
  RemoteBatch batch = remote_batch(points);
  auto written = kairos_.write(batch.samples);
  return outcome_of(std::move(batch), std::move(written));
}

Result<std::vector<RefusedPoint>> InfluxSeries::write(std::span<const SeriesPoint> points) {
  RemoteBatch batch = remote_batch(points);
  auto written = influx_.write(batch.samples);
  return outcome_of(std::move(batch), std::move(written));
}

}  // namespace bora::datapoints
