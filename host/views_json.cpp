#include "host/views_json.hpp"

#include "host/graph_json.hpp"
#include "host/log_format.hpp"

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;

Json latency_json(const HistogramSnapshot& histogram, LatencyDetail detail) {
  Json json{{"count", histogram.count},
            {"sum_ns", histogram.sum_ns},
            {"p50_ns", histogram.percentile(0.50).count()},
            {"p90_ns", histogram.percentile(0.90).count()},
            {"p99_ns", histogram.percentile(0.99).count()}};
  if (detail == LatencyDetail::kPercentiles) return json;
  Json& buckets = json["buckets"] = Json::array();
  for (std::size_t i = 0; i < HistogramSnapshot::kBuckets; ++i)
    if (histogram.buckets[i] != 0)
      buckets.push_back(Json::array({HistogramSnapshot::upper_bound_ns(i), histogram.buckets[i]}));
  return json;
}

Json task_json(const TaskMetricsSnapshot& task, LatencyDetail detail) {
  Json json{{"component", task.component},
            {"task", task.task},
            {"kind", task.is_spout ? "spout" : "bolt"},
            {"failed", task.failed},
            {"busy_ns", task.busy_ns}};
  Json& emitted = json["emitted"] = Json::object();
  for (const StreamMetrics& stream : task.streams)
    emitted[stream.stream] = stream.emitted;
  Json& gauges = json["gauges"] = Json::object();
  for (const Gauge& gauge : task.gauges)
    gauges[std::string(gauge.name)] = gauge.value;
  if (task.is_spout) {
    json["opened"] = task.opened;
    json["acked"] = task.acked;
    json["in_flight"] = task.in_flight;
    json["complete"] = latency_json(task.complete, detail);
  } else {
    json["executed"] = task.executed;
    json["queued_blocks"] = task.queued_blocks;
    json["queue"] = latency_json(task.queue, detail);
    json["execute"] = latency_json(task.execute, detail);
  }
  return json;
}

Json errors_json(const MetricsSnapshot& metrics) {
  Json list = Json::array();
  for (const ComponentErrors& component : metrics.errors)
    for (const ErrorEntry& error : component.last)
      list.push_back({{"component", component.component},
                      {"task", error.task},
                      {"at", format_time(error.at)},
                      {"times", error.times},
                      {"text", error.text}});
  return list;
}

Json oldest_json(const MetricsSnapshot& metrics) {
  Json list = Json::array();
  for (const OldestInFlight& message : metrics.oldest)
    list.push_back({{"spout", message.spout},
                    {"task", message.task},
                    {"partition", message.id.partition},
                    {"offset", message.id.offset},
                    {"age_ns", message.age.count()},
                    {"where", message.where},
                    {"component", message.component},
                    {"topic", message.source}});
  return list;
}

// Of a record spout's own gauges.
Json lag_json(const MetricsSnapshot& metrics) {
  Json list = Json::array();
  for (const TaskMetricsSnapshot& task : metrics.tasks) {
    if (!task.is_spout) continue;
    Json entry{{"spout", task.component}, {"task", task.task}};
    bool is_known = false;
    bool is_paused = false;
    for (const Gauge& gauge : task.gauges) {
      if (gauge.name == "source_paused") is_paused = gauge.value != 0;
      if (gauge.name != "lag_records") continue;
      entry["records"] = gauge.value;
      is_known = true;
    }
    if (!is_known) continue;
    if (!task.source.empty()) entry["topic"] = task.source;
    entry["is_paused"] = is_paused;
    // By partition where the source knows, else as a whole.
    for (const PartitionLag& partition : task.lags) {
      entry["partition"] = partition.partition;
      entry["records"] = partition.records;
      list.push_back(entry);
    }
    if (task.lags.empty()) list.push_back(std::move(entry));
  }
  return list;
}

Json reasons_json(const std::vector<Reason>& reasons) {
  Json list = Json::array();
  for (const Reason& reason : reasons) {
    Json entry{{"kind", to_string(reason.kind)}};
    if (!reason.topology.empty()) entry["topology"] = reason.topology;
    if (!reason.component.empty()) entry["component"] = reason.component;
    entry["text"] = reason.text;
    list.push_back(std::move(entry));
  }
  return list;
}

Json readiness_object(ProcessState state, const std::vector<Reason>& reasons) {
  return {
      {"ready", reasons.empty()}, {"state", to_string(state)}, {"reasons", reasons_json(reasons)}};
}

Json samples_json(const std::vector<Sample>& samples) {
  Json list = Json::array();
  for (const Sample& sample : samples) {
    Json labels = Json::object();
    for (const auto& [name, value] : sample.labels)
      labels[name] = value;
    list.push_back({{"name", sample.name},
                    {"help", sample.help},
                    {"kind", sample.kind == Sample::Kind::kCounter ? "counter" : "gauge"},
                    {"labels", std::move(labels)},
                    {"value", sample.value}});
  }
  return list;
}

Json topology_json(const TopologyView& topology, LatencyDetail detail) {
  Json json = graph_json(topology.metrics.topology, topology.nodes, topology.edges);
  Json& tasks = json["tasks"] = Json::array();
  for (const TaskMetricsSnapshot& task : topology.metrics.tasks)
    tasks.push_back(task_json(task, detail));
  json["errors"] = errors_json(topology.metrics);
  json["oldest_in_flight"] = oldest_json(topology.metrics);
  Json& stuck = json["stuck"] = Json::array();
  for (const auto& [task, since] : topology.metrics.stuck)
    stuck.push_back({{"component", component_of(task)}, {"task", task}, {"for_ns", since.count()}});
  json["lag"] = lag_json(topology.metrics);
  json["paused_spouts"] = topology.paused_spouts;
  json["bytes_in_flight"] = topology.metrics.bytes_in_flight;
  return json;
}

}  // namespace

std::string process_json(const ProcessView& view, LatencyDetail detail) {
  Json json{{"program", view.program},
            {"version", view.version},
            {"state", to_string(view.state)},
            {"uptime_ms", view.uptime.count()},
            {"now", format_time(view.now)},
            {"readiness", readiness_object(view.state, view.unready)},
            {"taps", view.taps}};
  Json& topologies = json["topologies"] = Json::array();
  for (const TopologyView& topology : view.topologies)
    topologies.push_back(topology_json(topology, detail));
  json["samples"] = samples_json(view.samples);
  // What a component reports as its error may be no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string readiness_json(ProcessState state, const std::vector<Reason>& reasons) {
  return readiness_object(state, reasons).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bora::host
