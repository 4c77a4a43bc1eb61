#include "topologies/parts/watched_source.hpp"

#include <algorithm>

namespace bora::parts {
namespace {

using Counters = kafka::KafkaSource::Counters;

constexpr std::chrono::seconds kShowEvery{1};

void add_to(Counters& sum, const Counters& more) noexcept {
  sum.skipped_records += more.skipped_records;
  sum.dropped_records += more.dropped_records;
  sum.late_commits += more.late_commits;
  sum.lost_partitions += more.lost_partitions;
  sum.rewinds += more.rewinds;
  sum.restarts += more.restarts;
}

struct Sum {
  std::optional<std::uint64_t> lag;
  std::optional<std::chrono::milliseconds> lag_time;
  Counters counters;
  bool is_cut_off = false;
};

}  // namespace

SourceWatch::Id SourceWatch::add(std::string topic, std::string group) {
  const std::lock_guard lock{mutex_};
  const Id id = next_++;
  levels_[id] = {.topic = std::move(topic), .group = std::move(group)};
  return id;
}

void SourceWatch::show(Id id, const kafka::KafkaSource& source) {
  const std::lock_guard lock{mutex_};
  Levels& levels = levels_.at(id);
  levels.lag = source.lag();
  levels.lag_time = source.lag_time();
  levels.counters = source.counters();
  levels.is_cut_off = source.is_cut_off();
}

void SourceWatch::remove(Id id, const kafka::KafkaSource& source) {
  const std::lock_guard lock{mutex_};
  const Levels& levels = levels_.at(id);
  add_to(gone_[{levels.topic, levels.group}], source.counters());
  levels_.erase(id);
}

std::vector<host::Sample> SourceWatch::samples() const {
  std::map<std::pair<std::string, std::string>, Sum> sums;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, counters] : gone_)
      add_to(sums[name].counters, counters);
    for (const auto& [id, levels] : levels_) {
      Sum& sum = sums[{levels.topic, levels.group}];
      add_to(sum.counters, levels.counters);
      sum.is_cut_off = sum.is_cut_off || levels.is_cut_off;
      if (levels.lag) sum.lag = sum.lag.value_or(0) + *levels.lag;
      if (levels.lag_time)
        sum.lag_time =
            std::max(sum.lag_time.value_or(std::chrono::milliseconds{0}), *levels.lag_time);
    }
  }
  std::vector<host::Sample> samples;
  for (const auto& [name, sum] : sums) {
    const std::vector<std::pair<std::string, std::string>> labels{{"topic", name.first},
                                                                  {"group", name.second}};
    const auto add = [&](std::string metric, std::string help, host::Sample::Kind kind,
                         double value) {
      samples.push_back({.name = std::move(metric),
                         .help = std::move(help),
                         .kind = kind,
                         .labels = labels,
                         .value = value});
    };
    const auto count = [&](std::string metric, std::string help, std::uint64_t value) {
      add(std::move(metric), std::move(help), host::Sample::Kind::kCounter,
          static_cast<double>(value));
    };
    // Nothing is shown while it is not known: a lag of 0 would be a lie.
    if (sum.lag)
      add("kafka_source_lag_records", "Records of the assigned partitions not read yet.",
          host::Sample::Kind::kGauge, static_cast<double>(*sum.lag));
    if (sum.lag_time)
      add("kafka_source_lag_seconds", "Age of the newest record read, while there is lag.",
          host::Sample::Kind::kGauge, std::chrono::duration<double>(*sum.lag_time).count());
    add("kafka_source_cut_off", "1 while no broker answers.", host::Sample::Kind::kGauge,
        sum.is_cut_off ? 1 : 0);
    count("kafka_source_lost_partitions_total", "Partitions taken away without a chance to commit.",
          sum.counters.lost_partitions);
    count("kafka_source_late_commits_total", "Commits for assignments that had ended.",
          sum.counters.late_commits);
    count("kafka_source_skipped_records_total",
          "Records that retention removed before they were read.", sum.counters.skipped_records);
    count("kafka_source_restarts_total", "Memberships given up because they were stuck.",
          sum.counters.restarts);
  }
  return samples;
}

std::optional<std::string> SourceWatch::cut_off() const {
  const std::lock_guard lock{mutex_};
  for (const auto& [id, levels] : levels_)
    if (levels.is_cut_off)
      return "topic " + levels.topic + " cannot be read in group " + levels.group +
             ": no broker answers; check that they run, and the way to them";
  return std::nullopt;
}

WatchedSource::WatchedSource(kafka::KafkaSourceOptions options, std::size_t prefix,
                             const Clock& clock, SourceWatch& watch)
    : prefix_(prefix),
      clock_(clock),
      watch_(watch),
      id_(watch.add(options.topic, options.group)),
      source_(std::move(options), clock) {}

WatchedSource::~WatchedSource() { watch_.remove(id_, source_); }

Status WatchedSource::open(AssignmentListener& listener, std::function<void()> wake) {
  return source_.open(listener, std::move(wake));
}

Result<std::size_t> WatchedSource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  Result<std::size_t> polled = source_.poll(max, out);
  if (const Instant now = clock_.now(); now - shown_ >= kShowEvery) {
    shown_ = now;
    watch_.show(id_, source_);
  }
  return polled;
}

}  // namespace bora::parts
