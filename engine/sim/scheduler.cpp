#include "engine/sim/scheduler.hpp"

#include <algorithm>
#include <string>

#include "engine/runtime/runtime.hpp"

namespace bora::testing {

using internal::Executor;
using internal::Runtime;

namespace {
constexpr std::uint64_t kPolicyLength = 64;  // acts until the policy may change
constexpr std::uint64_t kStarvedFor = 60;    // acts, at most
/// Steps in a row, of all together, that may find nothing to do.
constexpr std::uint64_t kMostInVain = 1'000;
/// Sleepers are looked for work only when no timer of theirs would save them soon anyway.
constexpr std::chrono::milliseconds kSoon{1};
}  // namespace

Scheduler::Scheduler(World& world, Runtime& runtime, Dice dice)
    : world_(world), runtime_(runtime), dice_(dice), wakes_for_nothing_(dice_.one_in(2)) {
  for (const auto& executor : runtime.executors())
    workers_.push_back({executor.get(), false, {}, 0, 0});
}

bool Scheduler::is_awake(const Worker& worker) const {
  return !worker.is_parked || !worker.executor->mailbox()->parker.is_parked() ||
         (worker.due && *worker.due <= world_.clock_.now_);
}

bool Scheduler::act() {
  ++acts_;
  if (acts_ % kPolicyLength == 0) change_policy();
  if (dice_.one_in(32)) world_.pass(std::chrono::nanoseconds{dice_.below(500'000)});
  if (dice_.one_in(8) && world_.run_work()) return true;
  if (const auto chosen = choose()) {
    step(*chosen);
    return true;
  }
  return world_.run_work() || pass_time();
}

void Scheduler::change_policy() {
  policy_ = static_cast<Policy>(dice_.below(4));
  if (dice_.one_in(4))
    workers_[dice_.below(workers_.size())].starved_until = acts_ + dice_.below(kStarvedFor);
}

std::optional<std::size_t> Scheduler::choose() {
  awake_.clear();
  for (std::size_t i = 0; i < workers_.size(); ++i)
    if (is_awake(workers_[i]) && workers_[i].starved_until <= acts_) awake_.push_back(i);
  if (awake_.empty()) {  // only the starved ones are left, if any
    for (std::size_t i = 0; i < workers_.size(); ++i)
      if (is_awake(workers_[i])) awake_.push_back(i);
    if (awake_.empty()) return std::nullopt;
  }
  if (wakes_for_nothing_ && dice_.one_in(64)) return dice_.below(workers_.size());
  if (!dice_.one_in(8)) {
    switch (policy_) {
      case Policy::kAny: break;
      case Policy::kSameAgain:
        if (std::find(awake_.begin(), awake_.end(), last_) != awake_.end()) return last_;
        break;
      case Policy::kFirst: return awake_.front();
      case Policy::kLast: return awake_.back();
    }
  }
  return awake_[dice_.below(awake_.size())];
}

void Scheduler::step(std::size_t index) {
  Worker& worker = workers_[index];
  last_ = index;
  if (worker.is_parked) worker.executor->mailbox()->parker.cancel();
  worker.is_parked = false;
  const Executor::Step outcome = worker.executor->step(world_.clock_.now());
  world_.note(index);
  world_.note(static_cast<std::uint64_t>(outcome));
  world_.note(static_cast<std::uint64_t>(world_.clock_.now_.time_since_epoch().count()));
  world_.note(runtime_.in_flight());
  if (world_.trace_)
    world_.tell("step " + std::to_string(world_.step_) + ": " +
                Runtime::label(*worker.executor->tasks()[0]) +
                (outcome == Executor::Step::kWorked ? " worked" : " found nothing") + ", " +
                std::to_string(runtime_.in_flight()) + " in flight");
  in_vain_ = outcome == Executor::Step::kWorked ? 0 : in_vain_ + 1;
  world_.expect(in_vain_ < kMostInVain, Runtime::label(*worker.executor->tasks()[0]) +
                                            " does not sleep, and finds nothing to do");
  if (outcome == Executor::Step::kWorked) {
    worker.yields = 0;
  } else if (worker.yields++ >= runtime_.options().yields_before_park || dice_.one_in(4)) {
    worker.yields = 0;
    sleep(worker);
  }
}

/// As Threads::sleep() does it.
void Scheduler::sleep(Worker& worker) {
  internal::Parker& parker = worker.executor->mailbox()->parker;
  parker.prepare();
  worker.executor->prepare_to_park();
  if (worker.executor->has_work()) return parker.cancel();
  worker.due = worker.executor->next_due();
  worker.is_parked = true;
}

/// Requires: everybody sleeps. What has_work() finds may be nothing that needs a wake-up, such as a
/// failure of a message that is not over; so a step shows.
void Scheduler::look_for_lost_wake(const Worker& worker) {
  const bool is_saved_soon = worker.due && *worker.due - world_.clock_.now_ <= kSoon;
  if (is_saved_soon || !worker.executor->has_work()) return;
  world_.expect(worker.executor->step(world_.clock_.now_) != Executor::Step::kWorked,
                Runtime::label(*worker.executor->tasks()[0]) +
                    " slept although there was work for it: a wake-up was lost");
}

bool Scheduler::pass_time() {
  std::optional<Instant> next = world_.next_work();
  for (const Worker& worker : workers_) {
    if (worker.due && (!next || *worker.due < *next)) next = worker.due;
    look_for_lost_wake(worker);
  }
  if (!next) return false;
  if (*next > world_.clock_.now_) world_.pass(*next - world_.clock_.now_);
  return true;
}

}  // namespace bora::testing
