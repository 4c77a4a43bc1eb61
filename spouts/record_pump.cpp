#include "spouts/record_pump.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "bora/stable_hash.hpp"

namespace bora {

namespace {

RecordPosition position_of(const MessageId& id) noexcept {
  return {id.partition, static_cast<std::int64_t>(id.offset), id.epoch};
}
MessageId id_of(const RecordPosition& position) noexcept {
  return {.offset = static_cast<std::uint64_t>(position.offset),
          .partition = position.partition,
          .epoch = position.epoch};
}
/// Seeds a record's jitter: records of one failed batch come back apart from each other.
std::uint64_t seed_of(const RecordPosition& position) noexcept {
  return stable_hash(position.partition) ^ static_cast<std::uint64_t>(position.offset);
}

DeadLetterWriter::Options letter_options(const RecordPump::Setup& setup) {
  const std::string& topic = setup.options.dead_letter_topic;
  return {.topic = topic.empty() ? dead_letter_topic(setup.source->topic()) : topic,
          .retry = setup.options.retry,
          .on_error = setup.on_error};
}

}  // namespace

RecordPump::RecordPump(Setup setup)
    : setup_(std::move(setup)),
      source_(*setup_.source),
      // Bounded by the records held, each of which waits at most once.
      retries_(std::numeric_limits<std::uint32_t>::max()),
      letters_(*setup_.dead_letters, letter_options(setup_)),
      stats_(*setup_.stats) {}

Status RecordPump::open() {
  Status opened = source_.open(*this, setup_.wake);
  is_open_ = opened.is_ok();
  return opened;
}

// --- taking ------------------------------------------------------------------------------------

RecordPump::Outlook RecordPump::take(std::size_t max, std::vector<Ready>& out) {
  if (!is_open_ || is_draining_ || is_suspended_) return {};
  is_stalled_ = false;
  was_taken_from_ = true;
  take_deliveries();
  update_pause();
  const std::size_t taken_before = out.size();
  // The source is polled first, because that may revoke what a retry would emit.
  const bool has_staged = next_staged_ < staged_.size();
  if (!has_staged || is_paused_) {
    poll_source(is_paused_ ? 1 : std::min(max, setup_.options.poll_records));
  }
  const Instant now = setup_.clock->now();
  while (out.size() - taken_before < max) {
    const auto slot = retries_.pop_due(now);
    if (!slot) break;
    emit_again(*slot, out);
  }
  while (!is_paused_ && next_staged_ < staged_.size() && out.size() - taken_before < max) {
    accept(std::move(staged_[next_staged_++]), out);
    if (is_full()) update_pause();
  }
  publish_levels();

  Outlook outlook;
  outlook.next_due = retries_.next_due();
  const auto sooner = [&](std::optional<Instant> other) {
    if (other && (!outlook.next_due || *other < *outlook.next_due)) outlook.next_due = other;
  };
  sooner(letters_.next_due());
  if (poll_failures_in_a_row_ > 0) sooner(poll_not_before_);
  const bool has_new = !is_paused_ && !staged_.empty();  // where these came from may be more
  outlook.has_more = has_new || (outlook.next_due && *outlook.next_due <= now);
  return outlook;
}

void RecordPump::poll_source(std::size_t max) {
  const Instant now = setup_.clock->now();
  if (next_staged_ == staged_.size()) {
    staged_.clear();
    next_staged_ = 0;
  }
  if (now < poll_not_before_) return;
  const Result<std::size_t> polled = source_.poll(max, staged_);
  if (polled) {
    poll_failures_in_a_row_ = 0;
    return;
  }
  // Not told apart by kind: whatever it is, the records are still there, and a source that cannot
  // recover keeps saying so to whoever watches the errors.
  stats_.source_failures.add();
  ++poll_failures_in_a_row_;
  poll_not_before_ =
      now + setup_.options.retry.outage_delay_after(poll_failures_in_a_row_, setup_.task);
  setup_.on_error("reading topic " + std::string{source_.topic()} +
                  " failed, and is tried again: " + polled.error().message);
}

void RecordPump::accept(SourceRecord&& from, std::vector<Ready>& out) {
  const RecordPosition position = from.position;
  const HeldRecords::Slot slot =
      held_.add({position, std::make_shared<const Record>(std::move(from.record))});
  if (!tracker_.begin(position, slot)) {
    held_.remove(slot);
    stats_.skipped.add();
    return;
  }
  out.push_back(ready(slot));
}

void RecordPump::emit_again(HeldRecords::Slot slot, std::vector<Ready>& out) {
  stats_.retries.add();
  out.push_back(ready(slot));
}

RecordPump::Ready RecordPump::ready(HeldRecords::Slot slot) {
  const HeldRecords::Held& held = held_.at(slot);
  return {slot, id_of(held.consumed.position), held.bytes};
}

// --- completions -------------------------------------------------------------------------------

void RecordPump::acked(std::span<const MessageId> ids) {
  done_.clear();
  for (const MessageId& id : ids) {
    const auto slot = tracker_.finish(position_of(id));
    if (slot) {
      done_.push_back(*slot);
    } else {
      stats_.late.add();
    }
  }
  forget_all(done_);
  publish_levels();
  wake_if_resumable();
}

void RecordPump::failed(const Failure& failure) {
  const auto slot = tracker_.find(position_of(failure.id));
  if (!slot) {
    stats_.late.add();
    return;
  }
  HeldRecords::Held& held = held_.at(*slot);
  const RetryPolicy& policy = setup_.options.retry;
  const std::uint64_t seed = seed_of(held.consumed.position);
  switch (failure.kind) {
    case FailureKind::kAbandoned: leave(*slot); break;
    case FailureKind::kUnavailable:
      set_outages(held, held.outages + 1);
      retry_later(*slot, policy.outage_delay_after(held.outages, seed));
      break;
    case FailureKind::kPermanent:
      ++held.failures;
      give_up(*slot, failure);
      break;
    case FailureKind::kError:
    case FailureKind::kExpired:
    case FailureKind::kDropped:
      set_outages(held, 0);
      ++held.failures;
      if (policy.is_spent(held.failures)) {
        give_up(*slot, failure);
      } else {
        retry_later(*slot, policy.delay_after(held.failures, seed));
      }
      break;
  }
  publish_levels();
  setup_.wake();  // what is due next may be sooner than what take() said
}

void RecordPump::refuse(const Ready& ready, FailureKind kind, std::string reason) {
  stats_.decode_failures.add();
  failed({ready.id, kind, setup_.component, setup_.task, std::move(reason)});
}

void RecordPump::retry_later(HeldRecords::Slot slot, std::chrono::nanoseconds delay) {
  if (is_draining_) return leave(slot);
  const bool waits = retries_.try_push(setup_.clock->now() + delay, slot);
  BORA_CHECK(waits, "more retries than records held");
  update_pause();
}

void RecordPump::give_up(HeldRecords::Slot slot, const Failure& failure) {
  HeldRecords::Held& held = held_.at(slot);
  set_outages(held, 0);
  DeadLetterContext context;
  context.topic = source_.topic();
  context.position = held.consumed.position;
  context.kind = failure.kind;
  context.component = failure.component;
  context.task = failure.task;
  context.reason = failure.reason;
  context.attempts = held.failures;
  context.failed_at = setup_.clock->wall_now();
  letters_.add(held.consumed.record, std::move(context), setup_.clock->now());
  update_pause();
}

/// Lets go of a record that nobody will finish here; its offset stays unfinished.
void RecordPump::leave(HeldRecords::Slot slot) {
  stats_.left_for_replay.add();
  set_outages(held_.at(slot), 0);
  held_.drop_record(slot);
}

void RecordPump::forget(HeldRecords::Slot slot) {
  set_outages(held_.at(slot), 0);
  held_.remove(slot);
}

/// It was long ago that anybody touched them, so they are fetched into the cache ahead.
void RecordPump::forget_all(std::span<const HeldRecords::Slot> slots) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + 2 * kAhead < slots.size()) held_.prefetch(slots[i + 2 * kAhead]);
    if (i + kAhead < slots.size()) held_.prefetch_record(slots[i + kAhead]);
    forget(slots[i]);
  }
}

void RecordPump::set_outages(HeldRecords::Held& held, std::uint32_t outages) {
  const bool was_in = std::exchange(held.outages, outages) != 0;
  if (was_in == (outages != 0)) return;
  was_in ? --records_in_outage_ : ++records_in_outage_;
  stats_.in_outage.set(records_in_outage_ > 0 ? 1 : 0);
}

void RecordPump::take_deliveries() {
  if (letters_.size() == 0) return;
  written_.clear();
  letters_.run(setup_.clock->now(), written_);
  for (const RecordPosition& position : written_) {
    stats_.dead_letters.add();
    if (const auto slot = tracker_.finish(position)) forget(*slot);
  }
  publish_levels();
  wake_if_resumable();
}

// --- pausing -----------------------------------------------------------------------------------

bool RecordPump::is_full() const noexcept {
  const RecordSpoutOptions& options = setup_.options;
  // Hysteresis: once full, full until a quarter is free, so that a source is not paused and resumed
  // for every record.
  const auto reaches = [this](std::size_t value, std::size_t limit) {
    return value >= (was_full_ ? limit - limit / 4 : limit);
  };
  return reaches(held_.size(), options.max_held) ||
         reaches(held_.bytes(), options.max_held_bytes) ||
         reaches(tracker_.size(), options.max_uncommitted) ||
         reaches(letters_.size(), options.max_dead_letters_waiting);
}

bool RecordPump::should_pause() const noexcept {
  return is_full() || records_in_outage_ > 0 || is_stalled_ || is_suspended_ || is_draining_;
}

void RecordPump::update_pause() {
  was_full_ = is_full();
  const bool pause = should_pause();
  if (pause == is_paused_) return;
  is_paused_ = pause;
  stats_.is_paused.set(pause ? 1 : 0);
  if (pause) {
    stats_.pauses.add();
    source_.pause();
  } else {
    source_.resume();
  }
}

void RecordPump::wake_if_resumable() {
  if (is_paused_ && !should_pause()) setup_.wake();
}

void RecordPump::suspend() {
  is_suspended_ = true;
  update_pause();
}

void RecordPump::resume() {
  is_suspended_ = false;
  setup_.wake();
}

void RecordPump::drain() {
  if (is_draining_) return;
  is_draining_ = true;
  update_pause();
  retries_.erase_if([this](HeldRecords::Slot slot) {
    leave(slot);
    return true;
  });
  staged_.clear();
  next_staged_ = 0;
  publish_levels();
}

// --- committing --------------------------------------------------------------------------------

void RecordPump::tick() {
  if (!is_open_) return;
  take_deliveries();
  if (!was_taken_from_) {
    is_stalled_ = true;  // until take() is called again
    update_pause();
    poll_source(1);
  }
  was_taken_from_ = false;
  commit();
  show_lag();
  publish_levels();
  setup_.wake();  // whoever can take does so before the next tick, also when all is quiet
}

void RecordPump::show_lag() {
  stats_.lag.set(source_.lag().value_or(0) + staged_.size() - next_staged_ + tracker_.size());
  std::vector<PartitionLag> lags = source_.partition_lags();
  tracker_.add_sizes(lags);
  for (std::size_t i = next_staged_; i < staged_.size(); ++i)
    for (PartitionLag& lag : lags)
      if (lag.partition == staged_[i].position.partition) ++lag.records;
  stats_.set_lags(std::move(lags));
}

void RecordPump::commit() {
  requests_.clear();
  tracker_.collect(requests_);
  if (requests_.empty()) return;
  on_commit_result(source_.commit(requests_), requests_);
}

void RecordPump::commit_before_revoke(std::uint32_t partition) {
  const auto request = tracker_.collect_one(partition);
  if (!request) return;
  on_commit_result(source_.commit({&*request, 1}), {&*request, 1});
}

void RecordPump::on_commit_result(const Status& status, std::span<const CommitRequest> requests) {
  if (status) {
    stats_.commits.add();
    commit_failures_in_a_row_ = 0;
    for (const CommitRequest& request : requests)
      tracker_.committed(request);
    return;
  }
  stats_.commit_failures.add();
  if (++commit_failures_in_a_row_ > 1) return;
  setup_.on_error(
      "committing offsets of topic " + std::string{source_.topic()} +
      " failed, and is tried again with the next ones: " + std::string{status.message()});
}

// --- assignments -------------------------------------------------------------------------------

void RecordPump::on_assigned(std::uint32_t partition, std::uint32_t epoch,
                             std::int64_t next_offset) {
  if (const auto old = tracker_.epoch_of(partition)) on_revoked(partition, *old, Leave::kLost);
  tracker_.assign(partition, epoch, next_offset);
}

void RecordPump::on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) {
  if (tracker_.epoch_of(partition) != epoch) return;
  if (how == Leave::kRevoked) {
    take_deliveries();
    commit_before_revoke(partition);
  }
  retries_.erase_if([&](HeldRecords::Slot slot) {
    return held_.at(slot).consumed.position.partition == partition;
  });
  letters_.forget(partition);
  unfinished_.clear();
  tracker_.revoke(partition, epoch, unfinished_);
  for (const OffsetTracker::Cookie slot : unfinished_)
    forget(slot);
  publish_levels();
}

void RecordPump::close() {
  if (!is_open_) return;
  drain();
  letters_.flush(setup_.options.close_timeout);
  take_deliveries();
  commit();
  source_.close();
  is_open_ = false;
  publish_levels();
}

void RecordPump::publish_levels() {
  stats_.held.set(held_.size());
  stats_.held_bytes.set(held_.bytes());
  stats_.waiting_for_retry.set(retries_.size());
  stats_.waiting_dead_letters.set(letters_.size());
  stats_.dead_letter_failures.set(letters_.failures());
  stats_.uncommitted.set(tracker_.size());
}

}  // namespace bora
