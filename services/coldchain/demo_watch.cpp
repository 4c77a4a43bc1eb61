#include "services/coldchain/demo_watch.hpp"

#include <algorithm>
#include <utility>

#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::demo {

namespace {

constexpr std::chrono::seconds kRateOver{2};
// A topology's commit and what it published are seen at two moments: both must have stood still.
constexpr std::uint32_t kQuietLooks = 2;
constexpr std::size_t kReaders = 5;  // groups: two of `reports`, three of `readings`

/// What is left to do in the topics that topologies read; at least 1 until all of them are there.
std::uint64_t lag_of(const log::LogStats& stats) {
  std::uint64_t lag = 0;
  std::size_t readers = 0;
  for (const log::GroupStats& group : stats.groups) {
    if (group.topic != allinone::kReportsTopic && group.topic != alerts::kReadingsTopic) continue;
    lag += group.lag;
    ++readers;
  }
  return lag + (readers < kReaders ? 1 : 0);
}

std::uint64_t records_in(const log::LogStats& stats) {
  std::uint64_t records = 0;
  for (const log::TopicStats& topic : stats.topics)
    for (const log::PartitionStats& partition : topic.partitions)
      records += static_cast<std::uint64_t>(partition.end_offset);
  return records;
}

}  // namespace

Watch::Watch(Feeder& feeder, const allinone::Parts& parts, std::filesystem::path notifications,
             const Clock& clock, Screen& screen)
    : feeder_(feeder),
      parts_(parts),
      notifications_(std::move(notifications)),
      clock_(clock),
      screen_(screen),
      began_(clock.now()),
      last_change_(began_) {}

bool Watch::step() {
  if (result_ || !failure_) return true;
  const bool is_fed = feeder_.is_done();  // before the look, so that the look sees all of it
  show_stage();
  look();
  show_events();
  const Instant now = clock_.now();
  if (feeder_.stage() == Feeder::Stage::kFailed) {
    failure_ = feeder_.failure();
    return true;
  }
  const bool is_settled = is_fed && figures_.lag == 0 && quiet_looks_ >= kQuietLooks;
  const bool is_stuck = is_fed && now - last_change_ >= kPatience;
  if (is_settled || screen_.wants_progress(now)) screen_.progress(progress_line(), now);
  if (!is_settled && !is_stuck) return false;
  if (is_stuck && !is_settled)
    screen_.say("  nothing has changed for 30 s: comparing what there is");
  compare();
  return true;
}

void Watch::show_stage() {
  const Feeder::Stage stage = feeder_.stage();
  if (shown_stage_ == stage) return;
  shown_stage_ = stage;
  switch (stage) {
    case Feeder::Stage::kRegistering:
      screen_.say("Registering " + grouped(feeder_.devices()) +
                  " devices through the admin API; each secret is hashed with bcrypt.");
      break;
    case Feeder::Stage::kSending:
      screen_.say("Sending " + grouped(feeder_.total()) + " records.");
      break;
    case Feeder::Stage::kWaitingForSilence:
      screen_.say(
          "All sent. Some devices were heard last over an hour ago: waiting for that to be "
          "noticed.");
      break;
    case Feeder::Stage::kReturning: screen_.say("Some of them report again."); break;
    default: break;
  }
}

void Watch::look() {
  const log::LogStats stats = parts_.log->log().stats();
  Figures now = figures_;
  now.sent = feeder_.sent() + feeder_.registered();
  now.appended = records_in(stats);
  now.lag = lag_of(stats);
  if (const auto archived = parts_.archive->archive().reader().count()) now.archived = *archived;
  ++quiet_looks_;
  if (now == figures_) return;
  quiet_looks_ = 0;
  figures_ = now;
  last_change_ = clock_.now();
}

void Watch::show_events() {
  const log::TopicLog& log = parts_.log->log();
  const auto follow = [&](TopicTail& tail, std::uint64_t& seen, auto show) {
    tail.read(log,
              [&](const Record& record) {
                ++seen;
                (this->*show)(record);
              })
        .ignore("looked at again; the comparison says so if it lasts");
  };
  follow(alerts_, alerts_seen_, &Watch::show_alert);
  follow(rejections_, rejections_seen_, &Watch::show_rejection);
  follow(dead_letters_, dead_letters_seen_, &Watch::show_dead_letter);
}

void Watch::show_alert(const Record& record) {
  const auto alert = coldchain::parse_alert(record.value);
  screen_.say("  ALERT        " + (alert ? coldchain::notification_text(*alert) : record.value));
}

void Watch::show_rejection(const Record& record) {
  show_once("  REJECTED     device " + record.key.value_or("?") + ": " +
            reason_of_rejection(record));
}

void Watch::show_dead_letter(const Record& record) {
  show_once("  DEAD LETTER  " + reason_of_dead_letter(record));
}

void Watch::show_once(const std::string& event) {
  if (shown_events_.insert(event).second) screen_.say(event);
}

double Watch::rate(Instant now) {
  history_.emplace_back(now, figures_.archived);
  while (history_.size() > 2 && now - history_.front().first > kRateOver)
    history_.pop_front();
  const auto& [since, archived] = history_.front();
  const double seconds = std::chrono::duration<double>(now - since).count();
  return seconds <= 0 ? 0 : static_cast<double>(figures_.archived - archived) / seconds;
}

std::string Watch::progress_line() {
  if (feeder_.stage() == Feeder::Stage::kRegistering)
    return "  " + grouped(feeder_.registered()) + " of " + grouped(feeder_.devices()) +
           " devices registered";
  return "  " + grouped(feeder_.sent()) + " of " + grouped(feeder_.total()) + " sent, " +
         grouped(figures_.archived) + " archived (" +
         grouped(static_cast<std::uint64_t>(rate(clock_.now()))) + "/s), " + grouped(alerts_seen_) +
         " alerts, " + grouped(rejections_seen_) + " rejected, " + grouped(dead_letters_seen_) +
         " dead letters, lag " + grouped(figures_.lag);
}

void Watch::compare() {
  Audit& audit = feeder_.audit();
  failure_ = find_archived(parts_.archive->archive().reader(), audit);
  if (failure_) failure_ = find_points(parts_.series->embedded(), audit);
  if (failure_) failure_ = find_records(parts_.log->log(), audit);
  if (failure_) failure_ = find_notifications(notifications_, audit);
  if (failure_) result_ = audit.compare();
}

}  // namespace bora::demo
