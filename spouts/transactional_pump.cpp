#include "spouts/transactional_pump.hpp"

#include <algorithm>
#include <memory>

#include "bora/check.hpp"
#include "spouts/dead_letter.hpp"

namespace bora {

namespace {

/// Pause before a call of the transaction whose outcome is open is made again: it waited already.
constexpr std::chrono::milliseconds kAskAgain{100};

MessageId id_of(const RecordPosition& position) noexcept {
  return {.offset = static_cast<std::uint64_t>(position.offset),
          .partition = position.partition,
          .epoch = position.epoch};
}

}  // namespace

TransactionalPump::TransactionalPump(Setup setup)
    : setup_(std::move(setup)),
      source_(*setup_.source),
      transaction_(*setup_.transaction),
      stats_(*setup_.stats) {
  std::string& letters = setup_.options.dead_letter_topic;
  if (letters.empty()) letters = dead_letter_topic(source_.topic());
}

Status TransactionalPump::open() {
  Status opened = source_.open(*this, setup_.wake);
  is_open_ = opened.is_ok();
  return opened;
}

// --- taking ------------------------------------------------------------------------------------

Pump::Outlook TransactionalPump::take(std::size_t max, std::vector<Ready>& out) {
  if (!is_open_ || is_draining_ || is_suspended_) return {};
  was_taken_from_ = true;
  records_.clear();
  take_deliveries();
  if (state_ == State::kIdle) begin();
  poll_source(std::min({max, setup_.options.poll_records, room()}));
  const bool has_new = !staged_.empty();
  for (SourceRecord& one : staged_)
    if (!is_doomed_) accept(std::move(one), out);
  staged_.clear();
  step();
  publish_levels();

  Outlook outlook;
  const Instant now = setup_.clock->now();
  const auto sooner = [&](Instant other) {
    if (!outlook.next_due || other < *outlook.next_due) outlook.next_due = other;
  };
  if (now < not_before_) sooner(not_before_);
  if (now < poll_not_before_) sooner(poll_not_before_);
  if (state_ == State::kOpen && !batch_.empty() && !is_closing())
    sooner(batch_since_ + setup_.options.batch_time);
  outlook.has_more = has_new && room() > 0;
  return outlook;
}

const ConsumedRecord& TransactionalPump::record(std::uint32_t slot) {
  BORA_CHECK(slot < records_.size(), "the record of a slot is kept until the next take()");
  return records_[slot];
}

/// Records that the open batch takes by now.
std::size_t TransactionalPump::room() const {
  if (state_ != State::kOpen || is_doomed_ || is_closing()) return 0;
  return setup_.options.batch_records - batch_records_;
}

bool TransactionalPump::is_closing() const {
  if (batch_.empty()) return false;
  return is_committing_ || is_draining_ || is_suspended_ ||
         batch_records_ >= setup_.options.batch_records ||
         setup_.clock->now() - batch_since_ >= setup_.options.batch_time;
}

/// Always polls, if only for the membership.
void TransactionalPump::poll_source(std::size_t max) {
  const Instant now = setup_.clock->now();
  if (now < poll_not_before_) return;
  const Result<std::size_t> polled = source_.poll(max, staged_);
  if (polled) {
    poll_failures_in_a_row_ = 0;
    return;
  }
  stats_.source_failures.add();
  ++poll_failures_in_a_row_;
  poll_not_before_ =
      now + setup_.options.retry.outage_delay_after(poll_failures_in_a_row_, setup_.task);
  setup_.on_error("reading topic " + std::string{source_.topic()} +
                  " failed, and is tried again: " + polled.error().message);
}

void TransactionalPump::accept(SourceRecord&& from, std::vector<Ready>& out) {
  const RecordPosition position = from.position;
  if (batch_.empty()) batch_since_ = setup_.clock->now();
  Taken& taken = batch_[position.partition];
  if (taken.epoch == position.epoch && position.offset < taken.next) {
    stats_.skipped.add();
    return;
  }
  taken = {.epoch = position.epoch, .next = position.offset + 1};
  ++batch_records_;
  ConsumedRecord consumed{position, std::make_shared<const Record>(std::move(from.record))};
  if (!verdicts_.empty()) {
    const auto known = verdicts_.find({position.partition, position.offset});
    if (known != verdicts_.end() && known->second.is_given_up)
      return write_letter(consumed, known->second);
    if (known != verdicts_.end()) stats_.retries.add();
  }
  ++outstanding_;
  const auto slot = static_cast<std::uint32_t>(records_.size());
  out.push_back({slot, id_of(position), weight_of(*consumed.record)});
  records_.push_back(std::move(consumed));
}

// --- the transaction ---------------------------------------------------------------------------

void TransactionalPump::step() {
  if (setup_.clock->now() < not_before_) return;
  if (state_ == State::kOpen && is_doomed_) state_ = State::kAborting;
  if (state_ == State::kAborting) abort();
  if (state_ == State::kRewinding && setup_.in_flight() == 0) rewind();
  if (state_ == State::kOpen && is_closing() && outstanding_ == 0 && letters_ == 0) commit();
}

void TransactionalPump::begin() {
  if (setup_.clock->now() < not_before_) return;
  if (const Status begun = transaction_.begin(); !begun) return retry_after_outage(begun);
  state_ = State::kOpen;
  is_doomed_ = false;
  saw_outage_ = false;
  pause_ = {};
}

void TransactionalPump::commit() {
  requests_.clear();
  for (const auto& [partition, taken] : batch_)
    requests_.push_back({.partition = partition, .epoch = taken.epoch, .next_offset = taken.next});
  const Status committed = transaction_.commit(requests_);
  is_committing_ = committed.is_retryable();
  if (!committed) {
    stats_.commit_failures.add();
    setup_.on_error(
        "committing a transaction on topic " + std::string{source_.topic()} +
        (committed.is_retryable() ? " is tried again: " : " failed, its batch is done again: ") +
        std::string{committed.message()});
    if (committed.is_retryable()) {
      not_before_ = setup_.clock->now() + kAskAgain;
    } else {
      doom();
    }
    return;
  }
  stats_.commits.add();
  for (const auto& [partition, taken] : batch_) {
    const auto end = verdicts_.lower_bound({partition, taken.next});
    for (auto at = verdicts_.lower_bound({partition, 0}); at != end; at = verdicts_.erase(at))
      if (at->second.is_given_up) stats_.dead_letters.add();
  }
  batch_.clear();
  batch_records_ = 0;
  ++batch_number_;
  outages_in_a_row_ = 0;
  state_ = State::kIdle;
  setup_.wake();
}

void TransactionalPump::abort() {
  if (const Status aborted = transaction_.abort(); !aborted) return retry_after_outage(aborted);
  stats_.aborts.add();
  is_committing_ = false;
  batch_.clear();
  batch_records_ = 0;
  letters_ = 0;
  ++batch_number_;
  state_ = State::kRewinding;
}

void TransactionalPump::rewind() {
  outstanding_ = 0;  // what expired came to rest without a word
  // Draining, nobody reads any more; the next start begins where the group stands.
  if (!is_draining_) {
    if (const Status rewound = transaction_.rewind(); !rewound) return retry_after_outage(rewound);
  }
  state_ = State::kIdle;
  is_doomed_ = false;
  not_before_ = setup_.clock->now() + pause_;
  setup_.wake();
}

void TransactionalPump::retry_after_outage(const Status& status) {
  ++outages_in_a_row_;
  not_before_ =
      setup_.clock->now() + setup_.options.retry.outage_delay_after(outages_in_a_row_, setup_.task);
  setup_.on_error("the transaction on topic " + std::string{source_.topic()} +
                  " does not go on, and is tried again: " + std::string{status.message()});
}

void TransactionalPump::doom() {
  if (state_ == State::kOpen) is_doomed_ = true;
}

// --- completions -------------------------------------------------------------------------------

void TransactionalPump::acked(std::span<const MessageId> ids) {
  outstanding_ -= std::min(outstanding_, ids.size());
  if (outstanding_ == 0) step();
}

void TransactionalPump::failed(const Failure& failure) {
  if (outstanding_ > 0) --outstanding_;
  judge(failure);
  doom();
  setup_.wake();  // not from here: more failures of the same batch may be on their way
}

void TransactionalPump::judge(const Failure& failure) {
  const bool is_collateral = is_doomed_ || state_ != State::kOpen;
  const RetryPolicy& policy = setup_.options.retry;
  switch (failure.kind) {
    case FailureKind::kAbandoned: stats_.left_for_replay.add(); return;
    case FailureKind::kUnavailable:
      if (is_collateral || std::exchange(saw_outage_, true)) return;
      ++outages_in_a_row_;
      pause_ = std::max(pause_, policy.outage_delay_after(outages_in_a_row_, setup_.task));
      return;
    case FailureKind::kPermanent:
    case FailureKind::kError:
    case FailureKind::kExpired:
    case FailureKind::kDropped: break;
  }
  Verdict& verdict =
      verdicts_[{failure.id.partition, static_cast<std::int64_t>(failure.id.offset)}];
  ++verdict.failures;
  verdict.last = failure;
  verdict.is_given_up =
      failure.kind == FailureKind::kPermanent || policy.is_spent(verdict.failures);
  if (!verdict.is_given_up)
    pause_ = std::max(pause_, policy.delay_after(verdict.failures, failure.id.offset));
}

void TransactionalPump::refuse(const Ready& ready, FailureKind kind, std::string reason) {
  stats_.decode_failures.add();
  const Failure failure{ready.id, kind, setup_.component, setup_.task, std::move(reason)};
  if (kind != FailureKind::kPermanent) return failed(failure);
  // It led to nothing, so nothing needs to be aborted.
  --outstanding_;
  judge(failure);
  const ConsumedRecord& consumed = record(ready.slot);
  write_letter(consumed, verdicts_[{consumed.position.partition, consumed.position.offset}]);
}

void TransactionalPump::write_letter(const ConsumedRecord& consumed, const Verdict& verdict) {
  DeadLetterContext context;
  context.topic = source_.topic();
  context.position = consumed.position;
  context.kind = verdict.last.kind;
  context.component = verdict.last.component;
  context.task = verdict.last.task;
  context.reason = verdict.last.reason;
  context.attempts = verdict.failures;
  context.failed_at = setup_.clock->wall_now();
  const Status taken = setup_.dead_letters->append(setup_.options.dead_letter_topic,
                                                   dead_letter(*consumed, context), batch_number_);
  if (taken) {
    ++letters_;
    return;
  }
  on_lost_letter(taken);
}

void TransactionalPump::take_deliveries() {
  deliveries_.clear();
  setup_.dead_letters->poll(deliveries_);
  for (const RecordSink::Delivery& delivery : deliveries_) {
    if (delivery.tag != batch_number_) continue;  // of a batch that was aborted
    --letters_;
    if (!delivery.status) on_lost_letter(delivery.status);
  }
  step();
}

/// The record must not be lost: its batch is done again, after a pause.
void TransactionalPump::on_lost_letter(const Status& status) {
  stats_.dead_letter_failures.add();
  if (!std::exchange(saw_outage_, true)) ++outages_in_a_row_;
  pause_ =
      std::max(pause_, setup_.options.retry.outage_delay_after(outages_in_a_row_, setup_.task));
  setup_.on_error("a dead letter was not written, its batch is done again: " +
                  std::string{status.message()});
  doom();
}

// --- assignments -------------------------------------------------------------------------------

void TransactionalPump::on_assigned(std::uint32_t, std::uint32_t, std::int64_t) {}

void TransactionalPump::on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) {
  outages_in_a_row_ = 0;  // what waited is another member's now, or comes again and says so itself
  verdicts_.erase(verdicts_.lower_bound({partition, 0}), verdicts_.lower_bound({partition + 1, 0}));
  const auto taken = batch_.find(partition);
  if (taken == batch_.end() || taken->second.epoch != epoch) return;
  const bool is_done = outstanding_ == 0 && letters_ == 0;
  if (how == Leave::kRevoked && state_ == State::kOpen && !is_doomed_ && is_done) commit();
  if (batch_.count(partition) != 0) doom();
}

// --- the rest of life --------------------------------------------------------------------------

void TransactionalPump::tick() {
  if (!is_open_) return;
  if (!was_taken_from_) poll_source(0);
  was_taken_from_ = false;
  take_deliveries();
  stats_.lag.set(source_.lag().value_or(0) + batch_records_);
  stats_.set_lags(
      source_.partition_lags());  // without what is taken and not committed: 200 ms' worth
  publish_levels();
  setup_.wake();
}

void TransactionalPump::resume() {
  is_suspended_ = false;
  setup_.wake();
}

void TransactionalPump::drain() {
  is_draining_ = true;
  step();
}

bool TransactionalPump::is_settled() const noexcept {
  return state_ == State::kIdle || (state_ == State::kOpen && batch_.empty() && !is_doomed_);
}

void TransactionalPump::close() {
  if (!is_open_) return;
  is_draining_ = true;
  if (letters_ > 0)
    setup_.dead_letters->flush(setup_.options.close_timeout)
        .ignore("without its letters the batch is left for replay");
  take_deliveries();
  if (state_ == State::kOpen || state_ == State::kAborting)
    transaction_.abort().ignore("else the broker aborts it, when its time is over");
  state_ = State::kIdle;
  batch_.clear();
  source_.close();
  is_open_ = false;
  publish_levels();
}

void TransactionalPump::publish_levels() {
  stats_.held.set(records_.size());
  stats_.waiting_dead_letters.set(letters_);
  stats_.uncommitted.set(batch_records_);
  stats_.is_paused.set(room() == 0 ? 1 : 0);
  stats_.in_outage.set(outages_in_a_row_ > 0 ? 1 : 0);
}

}  // namespace bora
