#include "host/metrics_text.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "host/process_stats.hpp"
#include "host/version.hpp"

namespace bora::host {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr double kNanosPerSecond = 1e9;

// Upper bounds of the exposed buckets: every second power of two of nanoseconds from 1 us to 69 s.
// Powers of two are bounds of the engine's buckets too, so no count falls between.
constexpr unsigned kFirstExponent = 10;
constexpr unsigned kLastExponent = 36;

// Families in the order of their first metric, each with all of its metrics, as the format wants.
class Families {
 public:
  void add(MetricType type, const std::string& name, std::string_view help, ClientMetric metric) {
    const auto [at, is_new] = index_.emplace(name, families_.size());
    if (is_new) families_.push_back({name, std::string{help}, type, {}});
    families_[at->second].metric.push_back(std::move(metric));
  }
  void counter(const std::string& name, std::string_view help, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    add(MetricType::Counter, name, help, std::move(metric));
  }
  void gauge(const std::string& name, std::string_view help, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    add(MetricType::Gauge, name, help, std::move(metric));
  }
  void histogram(const std::string& name, std::string_view help, Labels labels,
                 const HistogramSnapshot& histogram);
  [[nodiscard]] const std::vector<MetricFamily>& all() const noexcept { return families_; }

 private:
  std::vector<MetricFamily> families_;
  std::map<std::string, std::size_t> index_;
};

void Families::histogram(const std::string& name, std::string_view help, Labels labels,
                         const HistogramSnapshot& histogram) {
  ClientMetric metric;
  metric.label = std::move(labels);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  for (unsigned exponent = kFirstExponent; exponent <= kLastExponent; exponent += 2) {
    const std::uint64_t bound = std::uint64_t{1} << exponent;
    while (bucket < HistogramSnapshot::kBuckets &&
           HistogramSnapshot::upper_bound_ns(bucket) < bound)
      seen += histogram.buckets[bucket++];
    metric.histogram.bucket.push_back({seen, static_cast<double>(bound) / kNanosPerSecond});
  }
  // The buckets are read while they are being counted: their sum is the count that fits them.
  while (bucket < HistogramSnapshot::kBuckets)
    seen += histogram.buckets[bucket++];
  metric.histogram.sample_count = seen;
  metric.histogram.sample_sum = static_cast<double>(histogram.sum_ns) / kNanosPerSecond;
  add(MetricType::Histogram, name, help, std::move(metric));
}

// What the tasks of one component count together.
struct ComponentTotals {
  TaskMetricsSnapshot sum;
  std::uint64_t tasks = 0;
  std::map<std::string, std::uint64_t> emitted;  // by stream
  std::map<std::string_view, Gauge> gauges;      // by name

  void add(const TaskMetricsSnapshot& task) {
    ++tasks;
    sum.is_spout = task.is_spout;
    sum.executed += task.executed;
    sum.failed += task.failed;
    sum.acked += task.acked;
    sum.opened += task.opened;
    sum.in_flight += task.in_flight;
    sum.queued_blocks += task.queued_blocks;
    sum.busy_ns += task.busy_ns;
    sum.queue.merge(task.queue);
    sum.execute.merge(task.execute);
    sum.complete.merge(task.complete);
    for (const StreamMetrics& stream : task.streams)
      emitted[stream.stream] += stream.emitted;
    for (const Gauge& gauge : task.gauges)
      gauges.try_emplace(gauge.name, Gauge{gauge.name, gauge.kind, 0}).first->second.value +=
          gauge.value;
  }
};

double number(std::uint64_t value) { return static_cast<double>(value); }

void add_component(Families& out, const Labels& labels, const ComponentTotals& totals) {
  const TaskMetricsSnapshot& sum = totals.sum;
  for (const auto& [stream, emitted] : totals.emitted) {
    Labels with_stream = labels;
    with_stream.push_back({"stream", stream});
    out.counter("topology_tuples_emitted_total", "Tuples emitted.", with_stream, number(emitted));
  }
  for (const auto& [name, gauge] : totals.gauges) {
    const std::string full = "topology_component_" + std::string(name);
    if (gauge.kind == Gauge::Kind::kCounter) {
      out.counter(full + "_total", "Of the component itself.", labels,
                  static_cast<double>(gauge.value));
    } else {
      out.gauge(full, "Of the component itself.", labels, static_cast<double>(gauge.value));
    }
  }
  out.counter("topology_tuples_failed_total",
              "Bolts: tuples whose execute() threw. Spouts: messages that failed.", labels,
              number(sum.failed));
  out.gauge("topology_tasks", "Tasks of the component.", labels, number(totals.tasks));
  out.counter("topology_busy_seconds_total",
              "Time that threads worked. Its rate divided by topology_tasks is the capacity used.",
              labels, number(sum.busy_ns) / kNanosPerSecond);
  if (sum.is_spout) {
    out.counter("topology_tuples_opened_total", "Messages emitted by spouts.", labels,
                number(sum.opened));
    out.counter("topology_tuples_acked_total", "Messages done with every effect.", labels,
                number(sum.acked));
    out.gauge("topology_pending_tuples", "Messages in flight: opened, not yet acked or failed.",
              labels, number(sum.in_flight));
    out.histogram("topology_complete_seconds", "From a message's emission to its ack.", labels,
                  sum.complete);
    return;
  }
  out.counter("topology_tuples_executed_total", "Tuples taken by bolts.", labels,
              number(sum.executed));
  out.gauge("topology_queue_blocks", "Blocks of tuples that wait in input rings.", labels,
            number(sum.queued_blocks));
  out.histogram("topology_queue_seconds", "From a tuple's hand-over to its execution.", labels,
                sum.queue);
  out.histogram("topology_execute_seconds", "Execution of one tuple, the mean of its block.",
                labels, sum.execute);
}

void add_topology(Families& out, const TopologyView& topology) {
  const MetricsSnapshot& metrics = topology.metrics;
  const Labels labels{{"topology", metrics.topology}};
  std::map<std::string, ComponentTotals> components;
  for (const TaskMetricsSnapshot& task : metrics.tasks)
    components[task.component].add(task);
  std::map<std::string, double> oldest;
  std::map<std::string, double> stuck;
  for (const auto& [component, totals] : components) {
    Labels with_component = labels;
    with_component.push_back({"component", component});
    add_component(out, with_component, totals);
    if (totals.sum.is_spout) oldest[component] = 0;
    stuck[component] = 0;
  }
  for (const OldestInFlight& message : metrics.oldest) {
    double& age = oldest[message.spout];
    age = std::max(age, static_cast<double>(message.age.count()) / kNanosPerSecond);
  }
  for (const TaskMetricsSnapshot& task : metrics.tasks)
    for (const PartitionLag& lag : task.lags)
      out.gauge("topology_source_lag_records",
                "Records of a partition that are not done, by the task that reads it.",
                {labels[0],
                 {"component", task.component},
                 {"task", std::to_string(task.task)},
                 {"topic", task.source},
                 {"partition", std::to_string(lag.partition)}},
                number(lag.records));
  for (const auto& [spout, age] : oldest)
    out.gauge("topology_oldest_pending_seconds", "Age of the oldest message in flight.",
              {labels[0], {"component", spout}}, age);
  for (const auto& [task, time] : metrics.stuck) {
    double& longest = stuck[std::string{component_of(task)}];
    longest = std::max(longest, static_cast<double>(time.count()) / kNanosPerSecond);
  }
  for (const auto& [component, time] : stuck)
    out.gauge("topology_stuck_seconds",
              "How long a thread of the component has not come back; 0 while it does.",
              {labels[0], {"component", component}}, time);
  out.gauge("topology_in_flight_bytes", "Bytes of messages in flight.", labels,
            number(metrics.bytes_in_flight));
  out.gauge("topology_stuck_executors", "Threads that have not come back for over a second.",
            labels, number(metrics.stuck.size()));
}

void add_process(Families& out, const ProcessView& view) {
  out.gauge(
      "bora_build_info", "Always 1; the labels say what runs.",
      {{"program", view.program}, {"version", view.version}, {"compiler", std::string{compiler()}}},
      1);
  out.gauge("bora_ready", "1 when the process is ready, as /readyz says.", {},
            view.unready.empty() ? 1 : 0);
  out.gauge("bora_uptime_seconds", "Time since the process began to start.", {},
            std::chrono::duration<double>(view.uptime).count());
  const ProcessStats stats = process_stats();
  out.counter("process_cpu_seconds_total", "User and system time spent.", {}, stats.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", {}, number(stats.resident_bytes));
}

/// A histogram of a part: samples X_bucket with the label "le", cumulative, then X_count and X_sum.
class PartHistograms {
 public:
  /// False when the sample belongs to none.
  bool take(const Sample& sample) {
    const auto le = std::find_if(sample.labels.begin(), sample.labels.end(),
                                 [](const auto& label) { return label.first == "le"; });
    const std::size_t cut = sample.name.rfind('_');
    const std::string suffix = cut == std::string::npos ? "" : sample.name.substr(cut);
    const std::string name = sample.name.substr(0, cut);
    if (suffix == "_bucket" && le != sample.labels.end()) {
      Part& part = parts_[{name, others(sample)}];
      if (part.help.empty()) part.help = sample.help;
      // What is above all bounds is in the count.
      if (le->second != "+Inf")
        part.metric.histogram.bucket.push_back(
            {static_cast<std::uint64_t>(sample.value), std::stod(le->second)});
      return true;
    }
    const auto part = parts_.find({name, others(sample)});
    if (part == parts_.end() || (suffix != "_count" && suffix != "_sum")) return false;
    ClientMetric::Histogram& histogram = part->second.metric.histogram;
    if (suffix == "_sum") histogram.sample_sum = sample.value;
    if (suffix == "_count") histogram.sample_count = static_cast<std::uint64_t>(sample.value);
    return true;
  }
  void show(Families& out) {
    for (auto& [key, part] : parts_) {
      for (const auto& [name, value] : key.second)
        part.metric.label.push_back({name, value});
      out.add(MetricType::Histogram, key.first, part.help, std::move(part.metric));
    }
  }

 private:
  using SampleLabels = std::vector<std::pair<std::string, std::string>>;
  struct Part {
    std::string help;
    ClientMetric metric;
  };
  static SampleLabels others(const Sample& sample) {
    SampleLabels labels = sample.labels;
    labels.erase(std::remove_if(labels.begin(), labels.end(),
                                [](const auto& label) { return label.first == "le"; }),
                 labels.end());
    return labels;
  }
  std::map<std::pair<std::string, SampleLabels>, Part> parts_;
};

void add_samples(Families& out, const std::vector<Sample>& samples) {
  PartHistograms histograms;
  for (const Sample& sample : samples) {
    if (histograms.take(sample)) continue;
    Labels labels;
    for (const auto& [name, value] : sample.labels)
      labels.push_back({name, value});
    if (sample.kind == Sample::Kind::kCounter)
      out.counter(sample.name, sample.help, std::move(labels), sample.value);
    else
      out.gauge(sample.name, sample.help, std::move(labels), sample.value);
  }
  histograms.show(out);
}

}  // namespace

std::string metrics_text(const ProcessView& view) {
  Families families;
  add_process(families, view);
  for (const TopologyView& topology : view.topologies)
    add_topology(families, topology);
  add_samples(families, view.samples);
  std::ostringstream text;
  prometheus::TextSerializer{}.Serialize(text, families.all());
  return std::move(text).str();
}

}  // namespace bora::host
