#include "topologies/datapoints/bolts.hpp"

#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/require_accepted.hpp"

namespace bora::datapoints {

using coldchain::SeriesPoint;

void SplitBolt::execute(const ConsumedRecord& in) {
  const auto reading = coldchain::parse_reading(in->value);
  coldchain::require_accepted(reading);
  SeriesPoint point{.device_id = reading->device_id,
                    .gateway_id = reading->gateway_id,
                    .time = reading->time,
                    .value = reading->temperature,
                    .series = coldchain::Series::kTemperature};
  temperatures.emit(point);
  point.value = reading->battery;
  point.series = coldchain::Series::kBattery;
  batteries.emit(point);
}

Status SeriesSink::on_open(Context&) {
  writer_ = find_writer_();
  return {};
}

Status SeriesSink::refusal_in(Points batch) const {
  for (const Refused& refused : refused_) {
    if (refused.point >= batch.data() && refused.point < batch.data() + batch.size())
      return {ErrorKind::kInvalid, "the series store refused a point: " + refused.reason};
  }
  return {};
}

Status SeriesSink::write(Points batch) {
  if (asked_again_ > 0) {
    Status refusal = refusal_in(batch);
    if (refusal || batch.size() == 1) asked_again_ -= batch.size();
    return refusal;
  }
  auto written = writer_->write(batch);
  // Whatever it is, it is the store's fault and no point's: points wait for it to be mended.
  if (!written) return {ErrorKind::kUnavailable, std::string(written.status().message())};
  refused_.clear();
  for (coldchain::RefusedPoint& refused : *written)
    refused_.push_back({&batch[refused.index], std::move(refused.reason)});
  if (!refused_.empty() && batch.size() > 1) asked_again_ = batch.size();
  return refusal_in(batch);
}

}  // namespace bora::datapoints
