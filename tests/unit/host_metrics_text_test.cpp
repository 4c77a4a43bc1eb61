#include <algorithm>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/metrics_text.hpp"
#include "host/views_json.hpp"

using namespace bora;
using namespace bora::host;
using namespace std::chrono_literals;

namespace {

void record(HistogramSnapshot& histogram, std::uint64_t ns, std::uint64_t times) {
  histogram.buckets[HistogramSnapshot::bucket_of(ns)] += times;
  histogram.count += times;
  histogram.sum_ns += ns * times;
}

ProcessView example() {
  ProcessView view{
      .program = "raw", .version = "1.2.3", .state = ProcessState::kRunning, .uptime = 61'500ms};
  TopologyView topology;
  topology.nodes = {{"readings", true, 1}, {"archive", false, 2}};
  topology.edges = {{"readings", "default", "archive", "shuffle"}};
  MetricsSnapshot& metrics = topology.metrics;
  metrics.topology = "raw";
  TaskMetricsSnapshot spout;
  spout.component = "readings";
  spout.is_spout = true;
  spout.opened = 100;
  spout.acked = 90;
  spout.failed = 4;
  spout.in_flight = 6;
  spout.source = "reports";
  spout.lags = {{0, 5}, {3, 0}};
  spout.gauges = {{"lag_records", Gauge::Kind::kLevel, 5}};
  spout.streams = {{"default", 100}};
  record(spout.complete, 2'000'000, 90);
  TaskMetricsSnapshot bolt;
  bolt.component = "archive";
  bolt.executed = 40;
  bolt.failed = 1;
  bolt.busy_ns = 1'500'000'000;
  bolt.queued_blocks = 3;
  record(bolt.execute, 1'023, 10);           // the last below the first bound
  record(bolt.execute, 1'024, 5);            // the first above it
  record(bolt.execute, 900'000'000'000, 1);  // beyond the last
  metrics.tasks = {spout, bolt, bolt};
  metrics.tasks[2].task = 1;
  metrics.errors = {{"archive", {{from_millis(0), 1, "bad \xff bytes", 2}}}};
  metrics.oldest = {
      {"readings", 0, {7, 3, 0}, 2500ms, "queued for archive[1]", "archive", "reports"}};
  metrics.bytes_in_flight = 512;
  metrics.stuck = {{"archive[1]", 3s}};
  view.topologies.push_back(std::move(topology));
  view.samples = {
      {"ingest_requests_total", "Requests.", Sample::Kind::kCounter, {{"status", "202"}}, 5},
      {"ingest_requests_total", "Requests.", Sample::Kind::kCounter, {{"status", "400"}}, 1}};
  return view;
}

// Lines that begin with `prefix`, in order.
std::string lines_with(const std::string& text, const std::string& prefix) {
  std::istringstream in{text};
  std::string found;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(prefix)) found += line + "\n";
  return found;
}

double value_of(const std::string& text, const std::string& series) {
  const std::string line = lines_with(text, series + " ");
  INFO(series);
  REQUIRE_FALSE(line.empty());
  return std::stod(line.substr(series.size() + 1));
}

}  // namespace

TEST_CASE("metrics have one family per name, with help, type and base units") {
  const std::string text = metrics_text(example());
  CHECK(lines_with(text, "# TYPE topology_") ==
        "# TYPE topology_tuples_failed_total counter\n"
        "# TYPE topology_tasks gauge\n"
        "# TYPE topology_busy_seconds_total counter\n"
        "# TYPE topology_tuples_executed_total counter\n"
        "# TYPE topology_queue_blocks gauge\n"
        "# TYPE topology_queue_seconds histogram\n"
        "# TYPE topology_execute_seconds histogram\n"
        "# TYPE topology_tuples_emitted_total counter\n"
        "# TYPE topology_component_lag_records gauge\n"
        "# TYPE topology_tuples_opened_total counter\n"
        "# TYPE topology_tuples_acked_total counter\n"
        "# TYPE topology_pending_tuples gauge\n"
        "# TYPE topology_complete_seconds histogram\n"
        "# TYPE topology_source_lag_records gauge\n"
        "# TYPE topology_oldest_pending_seconds gauge\n"
        "# TYPE topology_stuck_seconds gauge\n"
        "# TYPE topology_in_flight_bytes gauge\n"
        "# TYPE topology_stuck_executors gauge\n");
  CHECK(lines_with(text, "bora_build_info{program=\"raw\",version=\"1.2.3\",compiler=").size() > 0);
  CHECK(lines_with(text, "ingest_requests_total") ==
        "ingest_requests_total{status=\"202\"} 5\n"
        "ingest_requests_total{status=\"400\"} 1\n");
  CHECK(lines_with(text, "topology_oldest_pending_seconds") ==
        "topology_oldest_pending_seconds{topology=\"raw\",component=\"readings\"} 2.5\n");
}

TEST_CASE("a histogram of a part is shown as one") {
  ProcessView view;
  const auto sample = [&view](const char* name, const char* le, double value) {
    view.samples.push_back({name, "Waits.", Sample::Kind::kCounter, {{"kind", "a"}}, value});
    if (*le != '\0') view.samples.back().labels.push_back({"le", le});
  };
  sample("wait_seconds_bucket", "0.5", 3);
  sample("wait_seconds_bucket", "+Inf", 4);
  sample("wait_seconds_count", "", 4);
  sample("wait_seconds_sum", "", 7.5);
  sample("others_count", "", 1);
  const std::string text = metrics_text(view);
  CHECK(lines_with(text, "# TYPE wait_seconds") == "# TYPE wait_seconds histogram\n");
  CHECK(lines_with(text, "wait_seconds") ==
        "wait_seconds_count{kind=\"a\"} 4\n"
        "wait_seconds_sum{kind=\"a\"} 7.5\n"
        "wait_seconds_bucket{kind=\"a\",le=\"0.5\"} 3\n"
        "wait_seconds_bucket{kind=\"a\",le=\"+Inf\"} 4\n");
  CHECK(lines_with(text, "others_count") == "others_count{kind=\"a\"} 1\n");
}

TEST_CASE("lag is shown by partition, which is all that grows with it") {
  const std::string text = metrics_text(example());
  CHECK(lines_with(text, "topology_source_lag_records{") ==
        "topology_source_lag_records{topology=\"raw\",component=\"readings\",task=\"0\","
        "topic=\"reports\",partition=\"0\"} 5\n"
        "topology_source_lag_records{topology=\"raw\",component=\"readings\",task=\"0\","
        "topic=\"reports\",partition=\"3\"} 0\n");
}

TEST_CASE("tasks of a component are summed, and counters conserve") {
  const std::string text = metrics_text(example());
  const std::string archive = "{topology=\"raw\",component=\"archive\"}";
  const std::string readings = "{topology=\"raw\",component=\"readings\"}";
  CHECK(value_of(text, "topology_tasks" + archive) == 2);
  CHECK(value_of(text, "topology_tuples_executed_total" + archive) == 80);
  CHECK(value_of(text, "topology_busy_seconds_total" + archive) == 3);
  CHECK(value_of(text, "topology_tuples_opened_total" + readings) ==
        value_of(text, "topology_tuples_acked_total" + readings) +
            value_of(text, "topology_tuples_failed_total" + readings) +
            value_of(text, "topology_pending_tuples" + readings));
}

TEST_CASE("a component's own numbers are shown, summed over its tasks") {
  ProcessView view = example();
  for (TaskMetricsSnapshot& task : view.topologies[0].metrics.tasks)
    if (task.component == "archive")
      task.gauges = {{"retries", Gauge::Kind::kCounter, 2}, {"held_bytes", Gauge::Kind::kLevel, 7}};
  const std::string text = metrics_text(view);
  const std::string labels = R"({topology="raw",component="archive"})";
  CHECK(value_of(text, "topology_component_retries_total" + labels) == 4);
  CHECK(value_of(text, "topology_component_held_bytes" + labels) == 14);
  CHECK(lines_with(text, "# TYPE topology_component_retries_total") ==
        "# TYPE topology_component_retries_total counter\n");
}

TEST_CASE("histogram buckets are cumulative, few, and lose no count") {
  const std::string text = metrics_text(example());
  const std::string buckets = lines_with(text, "topology_execute_seconds_bucket");
  CHECK(std::count(buckets.begin(), buckets.end(), '\n') == 15);
  const std::string series =
      "topology_execute_seconds_bucket{topology=\"raw\",component=\"archive\",le=";
  CHECK(value_of(text, series + "\"1.024e-06\"}") == 20);
  CHECK(value_of(text, series + "\"4.096e-06\"}") == 30);
  CHECK(value_of(text, series + "\"68.719476736\"}") == 30);
  CHECK(value_of(text, series + "\"+Inf\"}") == 32);
  CHECK(value_of(text, "topology_execute_seconds_count{topology=\"raw\",component=\"archive\"}") ==
        32);
}

TEST_CASE("the JSON view holds graph, tasks, errors, oldest and stuck, whatever bytes they hold") {
  const auto json = nlohmann::json::parse(process_json(example()));
  CHECK(json["state"] == "running");
  CHECK(json["uptime_ms"] == 61'500);
  const auto& topology = json["topologies"][0];
  CHECK(topology["edges"][0] == nlohmann::json{{"from", "readings"},
                                               {"stream", "default"},
                                               {"to", "archive"},
                                               {"grouping", "shuffle"}});
  CHECK(topology["tasks"].size() == 3);
  CHECK(topology["tasks"][0]["complete"]["p50_ns"] >= 2'000'000);
  CHECK(topology["tasks"][0]["complete"]["p50_ns"] <= 2'125'000);
  CHECK(topology["tasks"][1]["executed"] == 40);
  CHECK(topology["errors"][0]["text"] == "bad \xef\xbf\xbd bytes");
  CHECK(topology["oldest_in_flight"][0]["where"] == "queued for archive[1]");
  CHECK(topology["oldest_in_flight"][0]["topic"] == "reports");
  CHECK(topology["stuck"][0]["for_ns"] == 3'000'000'000);
  CHECK(topology["lag"] == nlohmann::json::parse(R"([
      {"spout":"readings","task":0,"topic":"reports","is_paused":false,"partition":0,"records":5},
      {"spout":"readings","task":0,"topic":"reports","is_paused":false,"partition":3,"records":0}])"));
}

TEST_CASE("the JSON view shows buckets when it is asked to, and only those that hold something") {
  const ProcessView view = example();
  const auto brief = nlohmann::json::parse(process_json(view));
  CHECK(!brief["topologies"][0]["tasks"][0]["complete"].contains("buckets"));
  const auto json = nlohmann::json::parse(process_json(view, LatencyDetail::kBuckets));
  const auto& complete = json["topologies"][0]["tasks"][0]["complete"];
  std::uint64_t recorded = 0;
  for (const auto& bucket : complete["buckets"]) {
    CHECK(bucket[1] > 0);
    recorded += bucket[1].get<std::uint64_t>();
  }
  CHECK(recorded == complete["count"]);
  CHECK(complete["buckets"].back()[0] >= complete["p99_ns"]);
}
