#include "host/remote_text.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;
using Align = Table::Align;

constexpr std::size_t kLooks = 20;
constexpr double kHot = 0.9;  // of a thread's time

double number_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

const Json& list_at(const Json& object, const char* name) {
  static const Json none = Json::array();
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

std::string count_at(const Json& object, const char* name) {
  return object.contains(name) ? short_count(number_at(object, name)) : "";
}

std::string percentile(const Json& task, const char* latency, const char* name) {
  const auto found = task.find(latency);
  if (found == task.end() || number_at(*found, "count") == 0) return "";
  return short_nanos(number_at(*found, name));
}

Colour colour_of_failures(const Json& task) {
  return number_at(task, "failed") > 0 ? Colour::kYellow : Colour::kNone;
}

std::string heading(const Json& view, Style style) {
  const Json none = Json::object();
  const Json& readiness = view.contains("readiness") ? view["readiness"] : none;
  const bool is_ready = readiness.value("ready", false);
  std::string text =
      text_at(view, "program") + " " + text_at(view, "version") + ", " + text_at(view, "state") +
      ", up " + short_span(number_at(view, "uptime_ms") / 1'000) + ", " +
      coloured(is_ready ? "ready" : "not ready", is_ready ? Colour::kGreen : Colour::kRed, style) +
      "\n";
  for (const Json& reason : list_at(readiness, "reasons")) {
    const std::string topology = text_at(reason, "topology");
    text += coloured("  " + text_at(reason, "kind") + ": " +
                         (topology.empty() ? "" : topology + ": ") + text_at(reason, "text"),
                     Colour::kRed, style) +
            "\n";
  }
  return text;
}

std::string topology_text(const Json& topology, Style style) {
  double in_flight = 0;
  Table table{{{"component"},
               {"task", Align::kRight},
               {"done", Align::kRight},
               {"failed", Align::kRight},
               {"in flight", Align::kRight},
               {"queued", Align::kRight},
               {"p50", Align::kRight},
               {"p99", Align::kRight},
               {"of"}}};
  for (const Json& task : list_at(topology, "tasks")) {
    const bool is_spout = text_at(task, "kind") == "spout";
    const char* const latency = is_spout ? "complete" : "execute";
    in_flight += number_at(task, "in_flight");
    table.add({{text_at(task, "component")},
               {text_at(task, "task")},
               {count_at(task, is_spout ? "acked" : "executed")},
               {count_at(task, "failed"), colour_of_failures(task)},
               {count_at(task, "in_flight")},
               {count_at(task, "queued_blocks")},
               {percentile(task, latency, "p50_ns")},
               {percentile(task, latency, "p99_ns")},
               {latency}});
  }
  std::string text = "\ntopology " + text_at(topology, "name") + ": " + short_count(in_flight) +
                     " in flight, " + short_bytes(number_at(topology, "bytes_in_flight"));
  double oldest = 0;
  std::string where;
  for (const Json& message : list_at(topology, "oldest_in_flight"))
    if (number_at(message, "age_ns") > oldest) {
      oldest = number_at(message, "age_ns");
      const std::string topic = text_at(message, "topic");
      where = text_at(message, "spout") + " " + (topic.empty() ? "" : topic + "/") +
              text_at(message, "partition") + "/" + text_at(message, "offset") + ", " +
              text_at(message, "where");
    }
  if (oldest > 0) text += ", oldest " + short_nanos(oldest) + ": " + where;
  for (const Json& spout : list_at(topology, "paused_spouts"))
    text += "\n" + coloured("  paused: " + spout.get<std::string>(), Colour::kYellow, style);
  return text + "\n" + table.text(style);
}

}  // namespace

std::string status_text(const Json& view, Style style) {
  std::string text = heading(view, style);
  for (const Json& topology : list_at(view, "topologies"))
    text += topology_text(topology, style);
  return text;
}

std::string errors_text(const Json& view, Style style) {
  std::vector<std::pair<std::string, std::vector<Table::Cell>>> rows;
  for (const Json& topology : list_at(view, "topologies"))
    for (const Json& error : list_at(topology, "errors"))
      rows.push_back({text_at(error, "at"),
                      {{text_at(error, "at")},
                       {text_at(topology, "name")},
                       {text_at(error, "component") + "[" + text_at(error, "task") + "]"},
                       {count_at(error, "times")},
                       {text_at(error, "text"), Colour::kRed}}});
  if (rows.empty()) return "no errors\n";
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Table table{{{"at"}, {"topology"}, {"task"}, {"times", Align::kRight}, {"error"}}};
  for (auto& row : rows)
    table.add(std::move(row.second));
  return table.text(style);
}

std::string lag_text(const Json& view, Style style) {
  Table spouts{{{"topology"},
                {"spout"},
                {"partition"},
                {"task", Align::kRight},
                {"behind", Align::kRight},
                {"source"}}};
  for (const Json& topology : list_at(view, "topologies"))
    for (const Json& lag : list_at(topology, "lag"))
      spouts.add(
          {{text_at(topology, "name")},
           {text_at(lag, "spout")},
           {lag.contains("partition") ? text_at(lag, "topic") + "/" + text_at(lag, "partition")
                                      : "all"},
           {text_at(lag, "task")},
           {count_at(lag, "records"),
            number_at(lag, "records") > 0 ? Colour::kYellow : Colour::kNone},
           {lag.value("is_paused", false) ? "paused" : ""}});
  Table topics{{{"topic"}, {"group"}, {"behind", Align::kRight}}};
  for (const Json& sample : list_at(view, "samples")) {
    const std::string name = text_at(sample, "name");
    const bool is_time = name == "kafka_source_lag_seconds";
    if (!is_time && name != "kafka_source_lag_records" && name != "topic_log_group_lag_records")
      continue;
    const Json labels = sample.value("labels", Json::object());
    const double value = number_at(sample, "value");
    topics.add({{text_at(labels, "topic")},
                {text_at(labels, "group")},
                {is_time ? short_span(value) : short_count(value) + " records"}});
  }
  if (spouts.is_empty() && topics.is_empty()) return "no spout here reads records\n";
  return (spouts.is_empty() ? "" : spouts.text(style)) +
         (topics.is_empty() ? "" : "\n" + topics.text(style));
}

std::map<TopScreen::Key, TopScreen::Totals> TopScreen::totals_of(const Json& view) {
  std::map<Key, Totals> all;
  for (const Json& topology : list_at(view, "topologies"))
    for (const Json& task : list_at(topology, "tasks")) {
      Totals& totals = all[{text_at(topology, "name"), text_at(task, "component")}];
      const bool is_spout = text_at(task, "kind") == "spout";
      const auto latency = task.find(is_spout ? "complete" : "execute");
      totals.done += number_at(task, is_spout ? "acked" : "executed");
      totals.failed += number_at(task, "failed");
      totals.busy_ns += number_at(task, "busy_ns");
      totals.tasks += 1;
      totals.in_flight += number_at(task, "in_flight");
      totals.queued += number_at(task, "queued_blocks");
      if (latency != task.end())
        totals.p99_ns = std::max(totals.p99_ns, number_at(*latency, "p99_ns"));
    }
  return all;
}

std::string TopScreen::frame(const Json& view, Style style) {
  const double uptime_ms = number_at(view, "uptime_ms");
  // Less than before: another process listens there now.
  const double elapsed =
      last_uptime_ms_ && uptime_ms > *last_uptime_ms_ ? (uptime_ms - *last_uptime_ms_) / 1'000 : 0;
  if (last_uptime_ms_ && uptime_ms < *last_uptime_ms_) loads_.clear();
  const auto now = totals_of(view);
  std::vector<std::pair<double, std::vector<Table::Cell>>> rows;
  for (const auto& [key, totals] : now) {
    const auto before = last_.find(key);
    const bool has_rate = elapsed > 0 && before != last_.end();
    const double load =
        has_rate ? (totals.busy_ns - before->second.busy_ns) / (elapsed * 1e9 * totals.tasks) : 0;
    std::deque<double>& loads = loads_[key];
    if (has_rate) loads.push_back(load);
    if (loads.size() > kLooks) loads.pop_front();
    rows.push_back(
        {load,
         {{key.first},
          {key.second},
          {has_rate ? std::to_string(std::lround(load * 100)) + " %" : "",
           load >= kHot ? Colour::kRed : Colour::kNone},
          {sparkline({loads.begin(), loads.end()})},
          {has_rate ? short_count((totals.done - before->second.done) / elapsed) : ""},
          {short_count(totals.failed), totals.failed > 0 ? Colour::kYellow : Colour::kNone},
          {short_count(totals.in_flight)},
          {short_count(totals.queued)},
          {totals.p99_ns > 0 ? short_nanos(totals.p99_ns) : ""}}});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Table table{{{"topology"},
               {"component"},
               {"load", Align::kRight},
               {"before"},
               {"a second", Align::kRight},
               {"failed", Align::kRight},
               {"in flight", Align::kRight},
               {"queued", Align::kRight},
               {"p99", Align::kRight}}};
  for (auto& row : rows)
    table.add(std::move(row.second));
  last_ = now;
  last_uptime_ms_ = uptime_ms;
  return heading(view, style) + "\n" + table.text(style);
}

}  // namespace bora::host
