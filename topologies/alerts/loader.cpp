#include "topologies/alerts/loader.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "bora/check.hpp"

namespace bora::alerts {

using namespace coldchain;

namespace {

constexpr std::size_t kAtOnce = 1'000;
// Readings that come late may be older than what was walked: everything is walked again so often.
constexpr std::uint32_t kFullWalkEvery = 40;

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Status Loader::open(Context& context) {
  context_ = &context;
  state_ = connect_();
  BORA_CHECK(state_ != nullptr, "a way to the shared state gave nothing");
  look_at_ = context.clock().now() + rules_.look_every;
  return {};
}

Next Loader::next_batch(std::size_t max) {
  const Instant now = context_->clock().now();
  if (now >= look_at_) {
    look();
    look_at_ = now + rules_.look_every;
  }
  for (; max > 0 && !ready_.empty(); --max) {
    const Sighting device = ready_.front();
    ready_.pop_front();
    const std::uint64_t message = next_message_++;
    in_flight_.emplace(message, Silence{.device = device.device, .since = device.time});
    silent_.add();
    emit(Alert{.device_id = device.device,
               .kind = AlertKind::kSilent,
               .value = seconds(done_until_ - device.time),
               .limit = seconds(rules_.silent_after),
               .time = device.time},
         {.offset = message});
  }
  return ready_.empty() ? Next::idle_until(look_at_) : Next::more();
}

void Loader::look() {
  Status looked = mark();
  if (looked && ready_.empty()) looked = find_silent();
  if (!looked)
    context_->report_error("cannot look for silent devices: " + std::string(looked.message()));
}

/// Makes durable what was announced.
Status Loader::mark() {
  if (to_mark_.empty()) return {};
  if (Status begun = state_->silent_set().begin(to_mark_); !begun) return begun;
  memory_->note_silences(to_mark_);
  for (const Silence& each : to_mark_)
    under_way_.erase(each.device);
  to_mark_.clear();
  return {};
}

Status Loader::find_silent() {
  holding_.set(1);
  const Clock& clock = context_->clock();
  const auto done = progress_->done(clock.now(), rules_.settle);
  const WallTime wall = clock.wall_now();
  if (!done || done->until < wall - rules_.max_lag) return {};
  LastSeen::Known known;
  if (Status found = state_->last_seen().find({}, wall, known); !found) return found;
  const auto reborn = memory_->restore(known.birth, *state_);
  if (!reborn) return reborn.status();
  if (wall < known.birth.at + rules_.grace) return {};
  holding_.set(0);

  const bool is_full = *reborn || looks_until_full_ == 0 || done->assignments != assignments_;
  done_until_ = std::min(done->until, wall);
  const WallTime overdue_before = done_until_ - rules_.silent_after;
  std::vector<Sighting> overdue;
  const LastSeen::Range range{.from = is_full ? WallTime{} : walked_until_, .to = overdue_before};
  if (Status walked = state_->last_seen().walk(range, overdue); !walked) return walked;
  std::erase_if(overdue, [&](const Sighting& each) {
    return done->partitions.count(each.partition) == 0 || under_way_.count(each.device) != 0;
  });
  for (std::size_t i = 0; i < overdue.size(); i += kAtOnce) {
    const std::span<const Sighting> all{overdue};
    if (Status filtered = filter(all.subspan(i, std::min(kAtOnce, all.size() - i))); !filtered)
      return filtered;
  }
  if (is_full) {
    const WallTime before = wall - rules_.remember_ended;
    if (Status forgotten = state_->silent_set().forget_ended(before); !forgotten) return forgotten;
    memory_->forget_ended(before);
    looks_until_full_ = kFullWalkEvery;
  }
  --looks_until_full_;
  assignments_ = done->assignments;
  walked_until_ = overdue_before;
  return {};
}

/// Those that were not announced yet become ready.
Status Loader::filter(std::span<const Sighting> overdue) {
  std::vector<DeviceId> devices;
  devices.reserve(overdue.size());
  for (const Sighting& each : overdue)
    devices.push_back(each.device);
  std::vector<std::optional<Silence>> silences;
  if (Status found = state_->silent_set().find(devices, silences); !found) return found;
  for (std::size_t i = 0; i < overdue.size(); ++i) {
    if (!is_unannounced(overdue[i].time, silences[i])) continue;
    ready_.push_back(overdue[i]);
    under_way_.insert(overdue[i].device);
  }
  return {};
}

void Loader::acked(std::span<const MessageId> ids) {
  for (const MessageId& id : ids) {
    const auto found = in_flight_.find(id.offset);
    BORA_CHECK(found != in_flight_.end(), "an alert was acked that is not in flight");
    to_mark_.push_back(found->second);
    in_flight_.erase(found);
  }
  if (Status marked = mark(); !marked)
    context_->report_error("cannot note who was announced: " + std::string(marked.message()));
}

/// Looked for again, since the device may have come back meanwhile.
void Loader::failed(const Failure& failure) {
  const auto found = in_flight_.find(failure.id.offset);
  BORA_CHECK(found != in_flight_.end(), "an alert failed that is not in flight");
  under_way_.erase(found->second.device);
  in_flight_.erase(found);
  looks_until_full_ = 0;
}

std::vector<Gauge> Loader::gauges() const {
  return {silent_.as_counter("silent_alerts"), holding_.as_level("holding_back")};
}

}  // namespace bora::alerts
