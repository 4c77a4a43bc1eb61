#include "services/coldchain/demo_watch.hpp"

#include <algorithm>
#include <vector>

#include "connectors/log/topic_log.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/raw/archive.hpp"

namespace bora::demo {

namespace {

constexpr std::chrono::seconds kRateOver{2};
constexpr std::chrono::milliseconds kFirstRate{500};  // before that it is mostly chance
constexpr std::size_t kReadAtOnce = 1024;

/// "clock_skew" of a dead letter whose reason is "clock_skew: the reading lies ...".
std::string reason_of(const Record& letter) {
  const std::string name = std::string{kDeadLetterPrefix} + "reason";
  for (const RecordHeader& header : letter.headers)
    if (header.key == name) return header.value.substr(0, header.value.find(':'));
  return "no reason";
}

/// Records of a topic, all partitions.
std::uint64_t records_in(const log::LogStats& stats, std::string_view name) {
  std::uint64_t records = 0;
  for (const log::TopicStats& topic : stats.topics)
    if (topic.topic == name)
      for (const log::PartitionStats& partition : topic.partitions)
        records += static_cast<std::uint64_t>(partition.end_offset);
  return records;
}

}  // namespace

Watch::Watch(Feeder& feeder, const allinone::Parts& parts, const Clock& clock, Screen& screen)
    : feeder_(feeder),
      parts_(parts),
      clock_(clock),
      screen_(screen),
      began_(clock.now()),
      last_change_(began_) {
  look();
  history_.emplace_back(began_, figures_.done());
}

bool Watch::step(const host::Process& process) {
  if (result_ || !failure_) return true;
  const Feeder::State state = feeder_.state();  // before the look, so that the look sees all of it
  look();
  const Instant now = clock_.now();
  if (state == Feeder::State::kFailed) {
    failure_ = feeder_.failure();
    return true;
  }
  const bool is_settled = state == Feeder::State::kFinished && figures_.lag == 0;
  const bool is_stuck = now - last_change_ >= kPatience;
  const bool has_rate = now - began_ >= kFirstRate;
  if (is_settled || (has_rate && screen_.wants_progress(now)))
    screen_.progress(progress_line(process), now);
  if (!is_settled && !is_stuck) return false;
  if (is_stuck) screen_.say("  nothing has changed for 15 s: comparing what there is");
  compare();
  return true;
}

void Watch::look() {
  Figures now = figures_;
  const log::LogStats stats = parts_.log->log().stats();
  now.dead_letters = records_in(stats, dead_letter_topic(allinone::kReportsTopic));
  now.lag = 0;
  for (const log::GroupStats& group : stats.groups)
    if (group.topic == allinone::kReportsTopic) now.lag += group.lag;
  now.refused = feeder_.refused_over_http();
  const auto archived = parts_.archive->archive().reader().count();
  if (archived) now.archived = *archived;
  if (now == figures_) return;
  figures_ = now;
  last_change_ = clock_.now();
}

double Watch::rate(Instant now) {
  history_.emplace_back(now, figures_.done());
  while (history_.size() > 2 && now - history_.front().first > kRateOver)
    history_.pop_front();
  const auto& [since, done] = history_.front();
  const double seconds = std::chrono::duration<double>(now - since).count();
  return seconds <= 0 ? 0 : static_cast<double>(figures_.done() - done) / seconds;
}

std::string Watch::progress_line(const host::Process& process) {
  HistogramSnapshot complete;
  std::uint64_t in_flight = 0;
  if (const auto metrics = process.metrics("raw")) {
    for (const TaskMetricsSnapshot& task : metrics->tasks) {
      if (!task.is_spout) continue;
      complete.merge(task.complete);
      in_flight += task.in_flight;
    }
  }
  return "  " + grouped(figures_.done()) + " of " + grouped(feeder_.total()) + " done, " +
         grouped(static_cast<std::uint64_t>(rate(clock_.now()))) + "/s, " + grouped(in_flight) +
         " in flight, p50 " + duration_text(complete.percentile(0.5)) + ", p99 " +
         duration_text(complete.percentile(0.99));
}

void Watch::compare() {
  Audit& audit = feeder_.audit();
  failure_ = add_archive(audit);
  if (failure_) failure_ = add_dead_letters(audit);
  if (failure_) result_ = audit.compare(feeder_.expectation());
}

Status Watch::add_archive(Audit& audit) const {
  const raw::ArchiveReader& reader = parts_.archive->archive().reader();
  const auto devices = reader.devices();
  if (!devices) return devices.status();
  for (const coldchain::DeviceId device : *devices) {
    raw::ArchiveScan scan = reader.scan(device);
    while (scan.next())
      audit.archived(device, scan.entry().message);
    if (!scan.status()) return scan.status();
  }
  return {};
}

Status Watch::add_dead_letters(Audit& audit) const {
  const log::TopicLog& log = parts_.log->log();
  const std::string name = dead_letter_topic(allinone::kReportsTopic);
  std::vector<SourceRecord> letters;
  for (const log::TopicStats& topic : log.stats().topics) {
    if (topic.topic != name) continue;
    for (std::uint32_t p = 0; p < topic.partitions.size(); ++p) {
      const std::int64_t end = topic.partitions[p].end_offset;
      for (std::int64_t next = 0; next < end; next = letters.back().position.offset + 1) {
        letters.clear();
        const auto read = log.read(name, p, next, kReadAtOnce, letters);
        if (!read) return read.status();
        if (letters.empty()) break;
        for (const SourceRecord& letter : letters)
          audit.refused(reason_of(letter.record), letter.record.value);
      }
    }
  }
  return {};
}

}  // namespace bora::demo
