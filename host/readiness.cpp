#include "host/readiness.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bora::host {

namespace {

// A source that fails is asked again at least this often, and says so each time.
constexpr std::chrono::seconds kSourceError{15};
constexpr std::string_view kReadingFailed = "reading topic ";

std::string seconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

std::int64_t gauge_of(const TaskMetricsSnapshot& task, std::string_view name) noexcept {
  for (const Gauge& gauge : task.gauges)
    if (gauge.name == name) return static_cast<std::int64_t>(gauge.value);
  return 0;
}

// The message that has hung in a component longest, in words; empty when none is known there.
std::string message_in(const MetricsSnapshot& metrics, std::string_view component) {
  const OldestInFlight* oldest = nullptr;
  for (const OldestInFlight& message : metrics.oldest)
    if (message.component == component && (oldest == nullptr || message.age > oldest->age))
      oldest = &message;
  if (oldest == nullptr) return {};
  return "; message " + oldest->spout + " partition " + std::to_string(oldest->id.partition) +
         " offset " + std::to_string(oldest->id.offset) + " is " + seconds(oldest->age) + " old, " +
         oldest->where;
}

void add_stuck(const MetricsSnapshot& metrics, std::chrono::milliseconds limit,
               std::vector<Reason>& out) {
  for (const auto& [task, time] : metrics.stuck)
    if (time >= limit)
      out.push_back({Reason::Kind::kStuck, metrics.topology, std::string{component_of(task)},
                     task + " has not come back for " + seconds(time) +
                         message_in(metrics, component_of(task))});
}

void add_failing_sources(const ProcessView& view, const MetricsSnapshot& metrics,
                         std::vector<Reason>& out) {
  for (const ComponentErrors& errors : metrics.errors) {
    if (errors.last.empty()) continue;
    const ErrorEntry& last = errors.last.back();
    if (last.text.starts_with(kReadingFailed) && view.now - last.at < kSourceError)
      out.push_back({Reason::Kind::kSource, metrics.topology, errors.component, last.text});
  }
}

void add_lagging(const MetricsSnapshot& metrics, std::uint64_t limit, std::vector<Reason>& out) {
  std::uint64_t lag = 0;
  std::string spout;
  for (const TaskMetricsSnapshot& task : metrics.tasks) {
    if (!task.is_spout) continue;
    const auto records =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, gauge_of(task, "lag_records")));
    if (records > 0) spout = task.component;
    lag += records;
  }
  if (lag > limit)
    out.push_back({Reason::Kind::kLag, metrics.topology, spout,
                   std::to_string(lag) + " records are not done yet, more than " +
                       std::to_string(limit) + " (setting control.ready.max_lag)"});
}

// A spout whose records failed as Unavailable reads nothing until they are through: see bora/failure.hpp.
// Not told by the records that wait: there are none while they are tried, and an alarm that waits for
// a time of unreadiness would begin anew each time.
void add_outages(const MetricsSnapshot& metrics, std::vector<Reason>& out) {
  for (const TaskMetricsSnapshot& task : metrics.tasks) {
    if (!task.is_spout || gauge_of(task, "in_outage") == 0) continue;
    Reason reason{Reason::Kind::kSink, metrics.topology, task.component,
                  task.component + " reads nothing, since something that its records need is away"};
    const ErrorEntry* last = nullptr;
    for (const ComponentErrors& errors : metrics.errors)
      for (const ErrorEntry& error : errors.last)
        if (last == nullptr || error.at > last->at) {
          last = &error;
          reason.component = errors.component;
        }
    if (last != nullptr) reason.text += "; last error of " + reason.component + ": " + last->text;
    out.push_back(std::move(reason));
  }
}

}  // namespace

std::vector<Reason> reasons_unready(const ProcessView& view, const HealthLimits& limits) {
  std::vector<Reason> reasons;
  if (view.state != ProcessState::kRunning)
    reasons.push_back(
        {Reason::Kind::kState, {}, {}, "the process is " + std::string{to_string(view.state)}});
  for (const UnreadyPart& part : view.unready_parts)
    reasons.push_back({Reason::Kind::kPart, {}, part.name, part.why});
  for (const TopologyView& topology : view.topologies) {
    add_stuck(topology.metrics, limits.max_stuck, reasons);
    add_failing_sources(view, topology.metrics, reasons);
    add_outages(topology.metrics, reasons);
    add_lagging(topology.metrics, limits.max_lag, reasons);
  }
  return reasons;
}

std::vector<Reason> reasons_dead(const ProcessView& view, const HealthLimits& limits) {
  std::vector<Reason> reasons;
  if (limits.max_stuck_alive.count() == 0) return reasons;
  for (const TopologyView& topology : view.topologies)
    add_stuck(topology.metrics, limits.max_stuck_alive, reasons);
  return reasons;
}

}  // namespace bora::host
