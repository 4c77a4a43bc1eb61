#include "bolts/record_sink_writer.hpp"

#include <stdexcept>
#include <utility>

#include "bora/check.hpp"

namespace bora {

std::vector<Gauge> RecordSinkStats::gauges() const {
  return {delivered.as_counter("delivered_records"), failed.as_counter("failed_deliveries"),
          refused.as_counter("refused_records"), waits.as_counter("waits_for_room"),
          pending.as_level("pending_records")};
}

FailureKind failure_kind_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kUnavailable: return FailureKind::kUnavailable;
    case ErrorKind::kInvalid:
    case ErrorKind::kCorrupt: return FailureKind::kPermanent;
    // A topic that does not exist may exist soon, and a closed sink be opened again.
    case ErrorKind::kNotFound:
    case ErrorKind::kClosed:
    case ErrorKind::kInternal: return FailureKind::kError;
  }
  return FailureKind::kError;
}

void throw_as_failure(const Error& error) {
  switch (failure_kind_of(error.kind)) {
    case FailureKind::kUnavailable: throw Unavailable(error.message);
    case FailureKind::kPermanent: throw Permanent(error.message);
    default: throw std::runtime_error(error.message);
  }
}

Status RecordSinkWriter::append(std::string_view topic, Record record) {
  if (free_.empty()) {
    free_.push_back(static_cast<Slot>(slots_.size()));
    slots_.emplace_back();
  }
  const Slot slot = free_.back();
  Status taken = sink_.append(topic, std::move(record), slot);
  if (!taken) {
    stats_.refused.add();
    return taken;
  }
  free_.pop_back();
  appended_ = slot;
  is_standing_ = false;
  stats_.pending.set(pending());
  return taken;
}

void RecordSinkWriter::place(AckToken token) { slots_[appended_] = std::move(token); }

bool RecordSinkWriter::wait_for_room() {
  take_outcomes();
  if (is_standing_) return false;
  stats_.waits.add();
  is_standing_ = true;  // unless something is delivered
  sink_.flush(options_.max_wait).ignore("what matters is whether the next append is taken");
  take_outcomes();
  return true;
}

void RecordSinkWriter::take_outcomes() {
  outcomes_.clear();
  sink_.poll(outcomes_);
  for (RecordSink::Delivery& outcome : outcomes_) {
    BORA_CHECK(outcome.tag < slots_.size(), "a sink told the outcome of a record it never got");
    const auto slot = static_cast<Slot>(outcome.tag);
    AckToken token = std::move(slots_[slot]);
    free_.push_back(slot);
    if (outcome.status.is_ok()) {
      is_standing_ = false;
      stats_.delivered.add();
      std::move(token).ack();
    } else {
      stats_.failed.add();
      const Error& error = outcome.status.error();
      std::move(token).fail(failure_kind_of(error.kind), error.message);
    }
  }
  if (!outcomes_.empty()) stats_.pending.set(pending());
}

void RecordSinkWriter::push_out() {
  if (pending() == 0) return;
  sink_.flush(std::chrono::milliseconds{0}).ignore("outcomes come when they are there");
  take_outcomes();
}

void RecordSinkWriter::close() {
  if (pending() > 0) {
    sink_.flush(options_.close_timeout).ignore("what has no outcome is abandoned, and replayed");
    take_outcomes();
  }
  for (AckToken& token : slots_) {
    if (!token.is_tracking()) continue;
    std::move(token).fail(FailureKind::kAbandoned, "the outcome of its delivery is not known yet");
  }
  slots_.clear();
  free_.clear();
}

}  // namespace bora
