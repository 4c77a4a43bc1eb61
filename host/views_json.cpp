#include "host/views_json.hpp"

#include "host/graph_json.hpp"
#include "host/log_format.hpp"

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;

Json latency_json(const HistogramSnapshot& histogram) {
  return {{"count", histogram.count},
          {"p50_ns", histogram.percentile(0.50).count()},
          {"p90_ns", histogram.percentile(0.90).count()},
          {"p99_ns", histogram.percentile(0.99).count()}};
}

Json task_json(const TaskMetricsSnapshot& task) {
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
    json["complete"] = latency_json(task.complete);
  } else {
    json["executed"] = task.executed;
    json["queued_blocks"] = task.queued_blocks;
    json["queue"] = latency_json(task.queue);
    json["execute"] = latency_json(task.execute);
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
                    {"component", message.component}});
  return list;
}

Json topology_json(const TopologyView& topology) {
  Json json = graph_json(topology.metrics.topology, topology.nodes, topology.edges);
  Json& tasks = json["tasks"] = Json::array();
  for (const TaskMetricsSnapshot& task : topology.metrics.tasks)
    tasks.push_back(task_json(task));
  json["errors"] = errors_json(topology.metrics);
  json["oldest_in_flight"] = oldest_json(topology.metrics);
  Json& stuck = json["stuck"] = Json::array();
  for (const auto& [component, since] : topology.metrics.stuck)
    stuck.push_back({{"component", component}, {"for_ns", since.count()}});
  json["bytes_in_flight"] = topology.metrics.bytes_in_flight;
  return json;
}

}  // namespace

std::string process_json(const ProcessView& view) {
  Json json{{"program", view.program},
            {"version", view.version},
            {"state", to_string(view.state)},
            {"uptime_ms", view.uptime.count()}};
  Json& topologies = json["topologies"] = Json::array();
  for (const TopologyView& topology : view.topologies)
    topologies.push_back(topology_json(topology));
  // What a component reports as its error may be no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bora::host
