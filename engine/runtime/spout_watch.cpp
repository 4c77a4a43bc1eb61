// The part of SpoutRunner that watches for messages that get nowhere.

#include <algorithm>
#include <utility>

#include "engine/runtime/executor.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/runtime/spout_runner.hpp"
#include "engine/trace/tracer.hpp"

namespace bora::internal {

namespace {
std::string seconds(std::chrono::nanoseconds age) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
  return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

std::chrono::nanoseconds interval_for(std::chrono::milliseconds timeout) {
  return std::clamp<std::chrono::nanoseconds>(timeout / 8, std::chrono::milliseconds{10},
                                              std::chrono::seconds{1});
}
}  // namespace

void SpoutRunner::start_watching() {
  const auto every = interval_for(runtime_.options().message_timeout);
  executor_.set_timer(every, every, [this] { watch(); });
}

void SpoutRunner::watch() {
  const Instant now = executor_.now();
  if (question_) evaluate(now);
  ask(now);
}

/// Asks for every message that has been in flight for longer than it takes to ask.
void SpoutRunner::ask(Instant now) {
  const RootTable& roots = task_.roots;
  const auto old_enough = interval_for(runtime_.options().message_timeout);
  std::vector<TreeRef> refs;
  if (roots.in_flight() > 0) {
    const std::vector<bool> in_use = slots_in_use(roots);
    for (std::uint32_t slot = 0; slot < roots.slot_count; ++slot) {
      if (in_use[slot] && now - roots.slots[slot].opened_at >= old_enough && !expired_[slot])
        refs.push_back(roots.base + slot);
    }
  }
  question_.reset();
  if (refs.empty()) {
    watched_.clear();
    const std::lock_guard lock(oldest_mutex_);
    oldest_.reset();
    return;
  }
  question_ = std::make_shared<LocateRequest>(std::move(refs), runtime_.executors().size());
  for (const auto& executor : runtime_.executors()) {
    executor->mailbox()->post([question = question_, e = executor.get()] { e->answer(*question); });
  }
}

void SpoutRunner::evaluate(Instant now) {
  const RootTable& roots = task_.roots;
  const std::vector<TreeRef>& refs = question_->refs();
  const std::vector<bool> in_use = slots_in_use(roots);
  std::optional<OldestInFlight> oldest;
  Instant oldest_at = Instant::max();
  std::vector<Overdue> overdue;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const std::uint32_t slot = refs[i] - roots.base;
    const Instant opened = roots.slots[slot].opened_at;
    if (!in_use[slot] || expired_[slot]) continue;
    const auto age = now - opened;
    if (age < interval_for(runtime_.options().message_timeout)) continue;  // another message by now
    const Place place = place_of(i, now);
    if (opened < oldest_at) {
      oldest_at = opened;
      const bool known = place.task != LocateRequest::kNowhere;
      oldest = OldestInFlight{task_.identity.component,
                              task_.identity.index,
                              roots.slots[slot].id,
                              age,
                              place.text,
                              known ? runtime_.task(place.task).identity.component : std::string{},
                              source_name_};
    }
    auto [watched, is_new] = watched_.try_emplace(slot, Watched{place.task, opened});
    if (!is_new && watched->second.task != place.task) watched->second = {place.task, now};
    if (is_new) watched->second.since = now - interval_for(runtime_.options().message_timeout);
    if (!place.patient && now - watched->second.since >= runtime_.options().message_timeout)
      overdue.push_back({slot, place, age});
  }
  // What a component works on before what only waits for it: an interval has one line in the log,
  // and that should name the message that is to blame.
  std::stable_partition(overdue.begin(), overdue.end(),
                        [](const Overdue& one) { return one.place.executing; });
  for (const Overdue& one : overdue)
    expire(one.slot, one.place, one.age);
  {
    const std::lock_guard lock(oldest_mutex_);
    oldest_ = std::move(oldest);
  }
  deliver();
}

SpoutRunner::Place SpoutRunner::place_of(std::size_t index, Instant now) const {
  const TreeRef ref = question_->refs()[index];
  // An executor that did not answer has been inside one step since the question.
  const Executor* busiest = nullptr;
  for (const auto& executor : runtime_.executors()) {
    if (question_->has_answer_of(executor->index())) continue;
    const std::uint32_t task = executor->current_task.load(std::memory_order_relaxed);
    const auto is_in = [&](TreeRef at_work) {
      const auto trees = runtime_.ledger().trees_of(at_work);
      return std::find(trees.begin(), trees.end(), ref) != trees.end();
    };
    if (is_in(executor->anchor()) || is_in(executor->taken_tree.load(std::memory_order_relaxed)))
      return {task,
              "executing in " + Runtime::label(runtime_.task(task)) + " for " +
                  seconds(now - executor->step_began()),
              /*patient=*/false, /*executing=*/true};
    if (busiest == nullptr || executor->step_began() < busiest->step_began())
      busiest = executor.get();
  }
  const auto busy = [&](const Executor& executor) {
    const std::uint32_t task = executor.current_task.load(std::memory_order_relaxed);
    return Runtime::label(runtime_.task(task)) + ", busy for " +
           seconds(now - executor.step_began());
  };
  if (const std::uint32_t task = question_->queued_for(index); task != LocateRequest::kNowhere) {
    const Executor& consumer = runtime_.executor_of(task);
    const bool answers = question_->has_answer_of(consumer.index());
    const std::string label = Runtime::label(runtime_.task(task));
    return {task,
            "queued for " + (answers ? label : label + ", whose thread is in " + busy(consumer)),
            false};
  }
  if (const std::uint32_t holder = runtime_.ledger().holder(ref); holder != 0) {
    const std::uint32_t task = (holder & ~Ledger::kPatient) - 1;
    const Executor& executor = runtime_.executor_of(task);
    const bool answers = question_->has_answer_of(executor.index());
    const std::string label = Runtime::label(runtime_.task(task));
    return {task, "held by " + (answers ? label : label + ", whose thread is in " + busy(executor)),
            answers && (holder & Ledger::kPatient) != 0};
  }
  if (busiest != nullptr) {
    return {busiest->current_task.load(std::memory_order_relaxed), "queued for " + busy(*busiest),
            false};
  }
  return {LocateRequest::kNowhere, "moving", false};
}

void SpoutRunner::expire(std::uint32_t slot, const Place& place, std::chrono::nanoseconds age) {
  Failure failure;
  failure.id = task_.roots.slots[slot].id;
  failure.kind = FailureKind::kExpired;
  if (place.task != LocateRequest::kNowhere) {
    failure.component = runtime_.task(place.task).identity.component;
    failure.task = runtime_.task(place.task).identity.index;
  }
  failure.reason =
      "no progress for " + seconds(runtime_.options().message_timeout) + ": " + place.text;
  runtime_.report(task_,
                  name_of(failure.id) + " expired after " + seconds(age) + ", " + place.text);
  if (task_.roots.traces != nullptr && task_.roots.traces->is_traced(slot))
    task_.roots.traces->end_message(slot, executor_.now(), failure.reason);
  failures_.push_back(std::move(failure));
  expired_[slot] = true;
  ++expired_count_;
  ++failed_;
}

std::optional<OldestInFlight> SpoutRunner::oldest() const {
  const std::lock_guard lock(oldest_mutex_);
  return oldest_;
}

}  // namespace bora::internal
