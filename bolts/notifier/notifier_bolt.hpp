#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bolts/notifier/delivery_book.hpp"
#include "bolts/notifier/notifier.hpp"
#include "bolts/notifier/told_marks.hpp"
#include "bolts/record_sink_writer.hpp"
#include "bora/bolt.hpp"
#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/coalesced_post.hpp"
#include "bora/failure.hpp"
#include "bora/gauge.hpp"
#include "bora/trace.hpp"
#include "bora/tuple_fields.hpp"

namespace bora::notify {

/// What becomes of a tuple whose notification was refused.
enum class OnRefusal : std::uint8_t {
  kFail,  ///< It fails as permanent: its record becomes a dead letter with the reason.
  kEmit,  ///< It goes to `refused` with the reason, and to `out`, as if it had been told.
};

struct NotifierBoltOptions {
  OnRefusal on_refusal = OnRefusal::kFail;
  /// Longest wait for room when as many notifications are under way as may be; then the tuple fails as
  /// Unavailable. It must stay well under EngineOptions::message_timeout.
  std::chrono::milliseconds max_wait{1'000};
  /// Longest wait for outcomes when the bolt closes.
  std::chrono::milliseconds close_timeout{5'000};
  /// Keys of notifications told last that are remembered, so that a tuple with one of them is not told
  /// again by this task.
  std::size_t remembered = 4'096;
};

/// Threads: the bolt's thread writes, any may read.
struct NotifierStats {
  OwnedCount told;
  OwnedCount refused;
  OwnedCount unavailable;  ///< Not told, and to be tried again.
  OwnedCount repeated;     ///< Tuples whose key was under way or told already.
  OwnedCount unmarked;     ///< Told, and not marked as told at once: the marks' store was away.
  OwnedCount waits;        ///< Times that the bolt waited for room.
  OwnedCount under_way;

  [[nodiscard]] std::vector<Gauge> gauges() const {
    return {told.as_counter("told_notifications"),
            refused.as_counter("refused_notifications"),
            unavailable.as_counter("unavailable_notifications"),
            repeated.as_counter("repeated_notifications"),
            unmarked.as_counter("unmarked_notifications"),
            waits.as_counter("waits_for_room"),
            under_way.as_level("notifications_under_way")};
  }
};

/// A tuple whose notification was refused, why, and when.
template <class T>
struct Refused {
  T tuple;
  std::string reason;
  WallTime at{};
};

/// For taps.
template <class T>
void tuple_json(const Refused<T>& in, std::string& out) {
  TupleFields(out).add("tuple", in.tuple).add("reason", in.reason);
}

/// Tells somebody about each tuple. A tuple is emitted on `out` when its notification is told, and done
/// when that is.
///
///   auto told = topology.bolt("tell", [=] {
///     return bora::notify::NotifierBolt<Alert>{connect, [](const Alert& a) {
///       return bora::notify::Notification{.key = id_of(a), .text = text_of(a)}; }};
///   }).fields(alerts, &Alert::device);
///
/// Several notifications are under way at a time, and told in any order. A tuple whose key is under way
/// already waits for that one; one whose key was told lately goes on at once. So a replay while the
/// process lives notifies nobody twice, if tuples with one key go to one task.
///
/// With `marks` the same holds over crashes and processes, but for what is under way when the process
/// dies: a tuple is marked when it was told, before it goes on, and looked up before it is told. Nothing
/// is sent while something told is not marked, so at most as many notifications as the notifier has
/// room for are told again after a crash: one, with a notifier that has room for one. (A notification
/// whose answer was lost is sent again, too, as without a crash.)
///
/// Threads: one task, one thread, one notifier.
/// Fails: what is down or does not answer, the marks' store too, fails the tuple as Unavailable, whose
/// spout then pauses its source and does not count it as an attempt; see OnRefusal for what is refused.
template <class T>
class NotifierBolt final : public Bolt<T, T> {
 public:
  /// What to say about a tuple. What it throws fails the tuple.
  using Compose = std::function<Notification(const T&)>;

  Output<Refused<T>> refused{this, "refused"};

  /// Without `marks` a crash tells again what was told since the source's last commit.
  NotifierBolt(NotifierConnection connect, Compose compose, NotifierBoltOptions options = {},
               ToldMarksConnection<T> marks = {})
      : connect_(std::move(connect)),
        connect_marks_(std::move(marks)),
        compose_(std::move(compose)),
        options_(options) {}

  Status open(Context& context) override {
    if (!connect_ || !compose_) {
      return {ErrorKind::kInvalid, "the bolt " + std::string{context.component()} +
                                       " needs a notifier and something to say: give it both"};
    }
    context_ = &context;
    clock_ = &context.clock();
    notifier_ = connect_(context.clock(), context.task());
    BORA_CHECK(notifier_ != nullptr, "a notifier's factory gave nothing");
    if (connect_marks_) {
      marks_ = connect_marks_();
      BORA_CHECK(marks_ != nullptr, "a factory of marks gave nothing");
    }
    outcomes_.bind(context.poster(), [this] { take_outcomes(); });
    notifier_->on_outcome(outcomes_.signal());
    // release: partner is gauges().
    shown_.store(notifier_.get(), std::memory_order_release);
    return {};
  }
  void close() override {
    outcomes_.unbind();
    if (!notifier_) return;
    // The clock may be one that nobody moves meanwhile: waits are counted, not timed.
    for (int waits = 0; book_.under_way() > 0 && waits < kClosingWaits; ++waits) {
      notifier_->flush(options_.close_timeout / kClosingWaits);
      take_outcomes();
    }
    for (std::vector<Waiter>& waiting : waiting_)
      fail_all(waiting, FailureKind::kAbandoned, "it is not known yet whether it was told");
    marks_.reset();
  }

  void execute(const T& in) override {
    Notification notification = compose_(in);
    mark_again();
    if (book_.was_told(notification.key)) return pass_on_repeated(in);
    if (const auto slot = book_.find(notification.key)) {
      stats_.repeated.add();
      return waiting_[*slot].push_back({in, this->take()});
    }
    if (!notifier_->has_room() && !wait_for_room())
      throw Unavailable("as many notifications as may be are under way, and none is answered");
    mark_again();
    if (was_told_before(in)) return pass_on_repeated(in);
    if (const auto trace = context_->trace()) notification.traceparent = to_traceparent(*trace);
    const DeliveryBook::Slot slot = book_.begin(notification.key);
    if (Status taken = notifier_->send(std::move(notification), slot); !taken) {
      book_.end(slot);
      return settle_untaken(in, taken.error());
    }
    waiting_.resize(book_.slots());
    waiting_[slot].push_back({in, this->take()});
    stats_.under_way.set(book_.under_way());
  }
  void on_idle() override { push_out(); }
  void on_drain() override { push_out(); }

  [[nodiscard]] std::vector<Gauge> gauges() const override {
    std::vector<Gauge> all = stats_.gauges();
    // acquire: partner is open().
    if (const Notifier* notifier = shown_.load(std::memory_order_acquire)) {
      const std::vector<Gauge> more = notifier->gauges();
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
  /// Any thread.
  [[nodiscard]] const NotifierStats& stats() const noexcept { return stats_; }

 private:
  static constexpr int kClosingWaits = 50;

  struct Waiter {
    T tuple;
    AckToken token;
  };

  void pass_on_repeated(const T& in) {
    stats_.repeated.add();
    this->out.emit(in);
  }
  /// By another life of the process, or by another process.
  [[nodiscard]] bool was_told_before(const T& in) {
    if (!marks_) return false;
    const Result<Told> found = marks_->find(in);
    // Whatever it is, it is the store's fault and not the tuple's: it waits for it to be mended.
    if (!found) throw Unavailable("cannot look up who was told: " + found.error().message);
    return *found == Told::kYes;
  }
  [[nodiscard]] Status mark(std::span<const T> told) {
    return marks_ && !told.empty() ? marks_->mark(told) : Status{};
  }
  /// Marks what could not be marked when it was told, or throws.
  void mark_again() {
    if (unmarked_.empty()) return;
    if (Status marked = mark(unmarked_); !marked) throw Unavailable(unmarked_text(marked));
    unmarked_.clear();
  }
  static std::string unmarked_text(const Status& failed) {
    return "cannot note who was told: " + std::string{failed.message()};
  }

  void push_out() {
    if (book_.under_way() == 0) return;
    notifier_->flush(std::chrono::milliseconds{0});
    take_outcomes();
  }
  /// False when nothing was answered since the last wait, either: then it is not worth another.
  bool wait_for_room() {
    take_outcomes();
    if (notifier_->has_room()) return true;
    if (is_standing_) return false;
    stats_.waits.add();
    is_standing_ = true;  // unless something is answered
    notifier_->flush(options_.max_wait);
    take_outcomes();
    return notifier_->has_room();
  }
  void settle_untaken(const T& in, const Error& error) {
    const bool is_refused = failure_kind_of(error.kind) == FailureKind::kPermanent;
    (is_refused ? stats_.refused : stats_.unavailable).add();
    if (!is_refused || options_.on_refusal == OnRefusal::kFail) throw_as_failure(error);
    refused.emit({in, error.message, clock_->wall_now()});
    this->out.emit(in);
  }

  void take_outcomes() {
    outcomes_taken_.clear();
    if (notifier_->poll(outcomes_taken_) == 0) return;
    is_standing_ = false;
    for (const Notifier::Outcome& outcome : outcomes_taken_) {
      const auto slot = static_cast<DeliveryBook::Slot>(outcome.tag);
      std::vector<Waiter> waiting = std::exchange(waiting_[slot], {});
      if (outcome.status.is_ok()) {
        book_.end_told(slot);
        stats_.told.add();
        told_.push_back(std::move(waiting));
      } else {
        book_.end(slot);
        settle_untold(waiting, outcome.status.error());
      }
    }
    stats_.under_way.set(book_.under_way());
    settle_told();
  }
  /// Marks those told, all with one call, and lets them go on. If that fails they come again, and are
  /// marked then.
  void settle_told() {
    std::vector<T> tuples;
    if (marks_)
      for (const std::vector<Waiter>& waiting : told_)
        tuples.push_back(waiting.front().tuple);
    const Status marked = mark(tuples);
    if (!marked) {
      stats_.unmarked.add(tuples.size());
      unmarked_.insert(unmarked_.end(), tuples.begin(), tuples.end());
    }
    for (std::vector<Waiter>& waiting : std::exchange(told_, {})) {
      if (marked)
        pass_on(waiting);
      else
        fail_all(waiting, FailureKind::kUnavailable, unmarked_text(marked));
    }
  }
  void pass_on(std::vector<Waiter>& waiting) {
    for (Waiter& waiter : waiting) {
      this->out.emit(std::move(waiter.tuple), waiter.token);
      std::move(waiter.token).ack();
    }
  }
  void settle_untold(std::vector<Waiter>& waiting, const Error& error) {
    const FailureKind kind = failure_kind_of(error.kind);
    const bool is_refused = kind == FailureKind::kPermanent;
    (is_refused ? stats_.refused : stats_.unavailable).add();
    if (!is_refused || options_.on_refusal == OnRefusal::kFail)
      return fail_all(waiting, kind, error.message);
    for (Waiter& waiter : waiting)
      refused.emit({waiter.tuple, error.message, clock_->wall_now()}, waiter.token);
    pass_on(waiting);
  }
  static void fail_all(std::vector<Waiter>& waiting, FailureKind kind, const std::string& reason) {
    for (Waiter& waiter : waiting)
      std::move(waiter.token).fail(kind, reason);
    waiting.clear();
  }

  NotifierConnection connect_;
  ToldMarksConnection<T> connect_marks_;
  Compose compose_;
  NotifierBoltOptions options_;
  NotifierStats stats_;
  Context* context_ = nullptr;
  const Clock* clock_ = nullptr;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<ToldMarks<T>> marks_;  // null: nothing is marked
  std::atomic<const Notifier*> shown_{nullptr};
  DeliveryBook book_{options_.remembered};
  std::vector<std::vector<Waiter>> waiting_;  // by slot
  std::vector<Notifier::Outcome> outcomes_taken_;
  std::vector<std::vector<Waiter>> told_;  // to be marked and passed on
  std::vector<T> unmarked_;                // told, and the marks' store was away
  bool is_standing_ = false;               // full, and nothing was answered since
  CoalescedPost outcomes_;
};

}  // namespace bora::notify
