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
/// Steps inside of steps, and how many of them in a row.
constexpr std::uint32_t kDeepest = 2;
constexpr std::uint64_t kStepsOfOthers = 24;
/// Steps in a row, of all together, that may find nothing to do.
constexpr std::uint64_t kMostInVain = 1'000;
/// Sleepers are looked for work only when no timer of theirs would save them soon anyway.
constexpr std::chrono::milliseconds kSoon{1};
}  // namespace

Scheduler::Scheduler(World& world, Runtime& runtime, Dice dice)
    : world_(world), runtime_(runtime), dice_(dice), wakes_for_nothing_(dice_.one_in(2)) {
  for (const auto& executor : runtime.executors())
    workers_.push_back({executor.get(), false, false, {}, 0, 0});
  others_one_in_ = static_cast<std::uint32_t>(dice_.one_in(3) ? 0 : dice_.between(4, 40));
  world_.others_ = [this] { let_others_run(); };
}

Scheduler::~Scheduler() { world_.others_ = nullptr; }

bool Scheduler::is_awake(const Worker& worker) const {
  if (worker.is_in_step) return false;
  return !worker.is_parked ||
         worker.executor->mailbox()->parker.depth() == internal::Parker::Depth::kAwake ||
         (worker.due && *worker.due <= world_.clock_.instant);
}

bool Scheduler::act() {
  ++acts_;
  if (acts_ % kPolicyLength == 0) change_policy();
  if (dice_.one_in(32)) world_.clock_.instant += std::chrono::nanoseconds{dice_.below(500'000)};
  depth_ = 1;
  bool moved = dice_.one_in(8) && world_.run_work();
  if (!moved) {
    const auto chosen = choose();
    if (chosen) step(*chosen);
    moved = chosen || world_.run_work() || pass_time();
  }
  depth_ = 0;
  return moved;
}

void Scheduler::let_others_run() {
  if (depth_ == 0 || depth_ > kDeepest || !dice_.one_in(others_one_in_)) return;
  ++depth_;
  for (std::uint64_t steps = dice_.between(1, kStepsOfOthers); steps > 0; --steps) {
    const auto chosen = choose();
    if (!chosen) break;
    step(*chosen);
  }
  --depth_;
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
  if (wakes_for_nothing_ && dice_.one_in(64)) {
    const std::size_t any = dice_.below(workers_.size());
    if (!workers_[any].is_in_step) return any;
  }
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
  const Executor::Step outcome = run(worker);
  world_.note(index);
  world_.note(static_cast<std::uint64_t>(outcome));
  world_.note(static_cast<std::uint64_t>(world_.clock_.instant.time_since_epoch().count()));
  world_.note(runtime_.in_flight());
  if (world_.trace_)
    world_.tell("step " + std::to_string(world_.step_) + ": " +
                Runtime::label(*worker.executor->tasks()[0]) +
                (outcome == Executor::Step::kWorked ? " worked" : " found nothing") + ", " +
                std::to_string(runtime_.in_flight()) + " in flight");
  in_vain_ = outcome == Executor::Step::kWorked ? 0 : in_vain_ + 1;
  if (in_vain_ >= kMostInVain)
    world_.expect(false, Runtime::label(*worker.executor->tasks()[0]) +
                             " does not sleep, and finds nothing to do");
  if (outcome == Executor::Step::kWorked) {
    worker.spins = 0;
    worker.just_worked = true;
  } else if (worker.spins++ >= runtime_.options().spins_before_sleep || dice_.one_in(4)) {
    worker.spins = 0;
    sleep(worker);
  }
}

Executor::Step Scheduler::run(Worker& worker) {
  worker.is_in_step = true;
  const Executor::Step outcome = worker.executor->step(world_.clock_.now());
  worker.is_in_step = false;
  return outcome;
}

/// As Threads::sleep() does it.
void Scheduler::sleep(Worker& worker) {
  using internal::Parker;
  const auto depth = worker.just_worked ? Parker::Depth::kNap : Parker::Depth::kSleep;
  worker.just_worked = false;
  worker.executor->prepare_to_park(depth);
  if (worker.executor->has_work()) return worker.executor->mailbox()->parker.cancel();
  worker.due = worker.executor->wake_at(depth, world_.clock_.instant);
  worker.is_parked = true;
}

/// Requires: everybody sleeps. What has_work() finds may be nothing that needs a wake-up, such as a
/// failure of a message that is not over; so a step shows.
void Scheduler::look_for_lost_wake(Worker& worker) {
  const bool is_saved_soon = worker.due && *worker.due - world_.clock_.instant <= kSoon;
  if (is_saved_soon || !worker.executor->has_work()) return;
  world_.expect(run(worker) != Executor::Step::kWorked,
                Runtime::label(*worker.executor->tasks()[0]) +
                    " slept although there was work for it: a wake-up was lost");
}

bool Scheduler::pass_time() {
  std::optional<Instant> next = world_.next_work();
  for (Worker& worker : workers_) {
    if (worker.due && (!next || *worker.due < *next)) next = worker.due;
    look_for_lost_wake(worker);
  }
  if (!next) return false;
  world_.clock_.instant = std::max(world_.clock_.instant, *next);
  return true;
}

}  // namespace bora::testing
