#include "host/stream_tap.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

#include "bora/check.hpp"

namespace bora::host {

namespace {

void offer(TapPoint& point, const TupleSample& sample) {
  TapRecord record{.value = sample.json};
  if (sample.message) {
    record.partition = sample.message->partition;
    record.offset = static_cast<std::int64_t>(sample.message->offset);
    if (!sample.source.empty()) record.topic = sample.source;
  }
  point.offer(record);
}

}  // namespace

std::string stream_tap_name(const std::string& topology, const std::string& component,
                            const std::string& stream) {
  return "emit:" + topology + "/" + component + (stream == "default" ? "" : "." + stream);
}

void tap_stream(Taps& taps, const std::string& name, RunningTopology& topology,
                const Topology::Edge& edge) {
  taps.add(name, [&taps, &topology, name, edge](std::chrono::nanoseconds pause) {
    const std::shared_ptr<TapPoint> point = taps.find(name);
    const Status watched =
        topology.watch(edge.from, edge.stream, pause, [point](const TupleSample& sample) {
          offer(*point, sample);
          return point->is_watched();
        });
    BORA_CHECK(watched.is_ok(), std::string{watched.message()});  // an edge has a reader
  });
}

}  // namespace bora::host
