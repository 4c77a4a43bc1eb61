#include "topologies/alerts/bolts.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "bora/check.hpp"
#include "bora/failure.hpp"
#include "topologies/coldchain/alert_info.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/require_accepted.hpp"

namespace bora::alerts {

using namespace coldchain;

namespace {

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void ParseBolt::execute(const ConsumedRecord& in) {
  const auto parsed = parse_reading(in->value);
  require_accepted(parsed);
  out.emit(
      HeardReading{.device = parsed->device_id,
                   .time = parsed->time,
                   .received = parsed->received,
                   .place = {.partition = in.position.partition, .offset = in.position.offset}});
}

Status TimeBolt::open(Context& context) {
  clock_ = &context.clock();
  state_ = connect_();
  BORA_CHECK(state_ != nullptr, "a way to the shared state gave nothing");
  readings_.reserve(batch_);
  tokens_.reserve(batch_);
  return {};
}

void TimeBolt::execute(const HeardReading& in) {
  readings_.push_back(in);
  tokens_.push_back(take());
  if (readings_.size() >= batch_) write();
}

void TimeBolt::write() {
  if (readings_.empty()) return;
  const Status written = try_write();
  if (written)
    settle();
  else
    fail(written);
  readings_.clear();
  tokens_.clear();
}

/// Fills known_ for the devices of the batch.
Status TimeBolt::look_up() {
  devices_.clear();
  known_.clear();
  for (const HeardReading& each : readings_)
    if (known_.try_emplace(each.device).second) devices_.push_back(each.device);
  for (;;) {
    if (Status found = state_->last_seen().find(devices_, clock_->wall_now(), last_); !found)
      return found;
    const auto reborn = memory_->restore(last_.birth, *state_);
    if (!reborn) return reborn.status();
    if (!*reborn) break;
  }
  if (Status found = state_->silent_set().find(devices_, silences_); !found) return found;
  for (std::size_t i = 0; i < devices_.size(); ++i)
    known_[devices_[i]] = {last_.last[i], silences_[i]};
  return {};
}

/// One reading after the other, each on what those before it left.
void TimeBolt::decide() {
  heard_.clear();
  ends_.clear();
  enders_.clear();
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    const HeardReading& reading = readings_[i];
    Device& device = known_[reading.device];
    const auto since = ended_silence(rules_, reading, device.last, device.silence, last_.birth.at);
    if (since) {
      ends_.push_back({.device = reading.device, .since = *since, .by = reading.place});
      enders_.push_back(i);
      device.silence =
          Silence{.device = reading.device, .since = *since, .ended_by = reading.place};
    }
    const Sighting sighting{
        .device = reading.device, .time = reading.time, .partition = reading.place.partition};
    if (!device.last || reading.time > device.last->time) {
      device.last = sighting;
      heard_.push_back(sighting);
    }
  }
}

Status TimeBolt::try_write() {
  if (Status found = look_up(); !found) return found;
  decide();
  answers_.clear();
  if (!ends_.empty()) {
    if (Status ended = state_->silent_set().end(ends_, answers_); !ended) return ended;
    std::vector<Silence> ended;
    for (std::size_t i = 0; i < ends_.size(); ++i)
      if (answers_[i] == EndAnswer::kYours)
        ended.push_back({ends_[i].device, ends_[i].since, ends_[i].by});
    memory_->note_silences(ended);
  }
  if (heard_.empty()) return {};
  if (Status recorded = state_->last_seen().record(heard_); !recorded) return recorded;
  memory_->note_heard(heard_);
  return {};
}

void TimeBolt::settle() {
  batches_.add();
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    if (answers_[i] != EndAnswer::kYours) continue;
    const HeardReading& reading = readings_[enders_[i]];
    back_.add();
    out.emit(Alert{.device_id = reading.device,
                   .kind = AlertKind::kBack,
                   .value = seconds(reading.time - ends_[i].since),
                   .limit = seconds(rules_.silent_after),
                   .time = reading.time},
             tokens_[enders_[i]]);
  }
  for (AckToken& token : tokens_)
    std::move(token).ack();
}

void TimeBolt::fail(const Status& status) {
  // Whatever it is, it is the store's fault and no reading's: they wait for it to be mended.
  for (AckToken& token : tokens_)
    std::move(token).fail(FailureKind::kUnavailable, std::string(status.message()));
}

std::vector<Gauge> TimeBolt::gauges() const {
  return {batches_.as_counter("state_batches"), back_.as_counter("back_alerts")};
}

Status InfoBolt::open(Context&) {
  registry_ = &find_registry_();
  return {};
}

void InfoBolt::execute(Alert& in) {
  if (!registry_->is_ready()) throw Unavailable("the registry is still being read");
  in.info = device_info(*registry_, in.device_id);
  out.emit(std::move(in));
}

}  // namespace bora::alerts
