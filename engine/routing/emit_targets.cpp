#include "bora/emit_targets.hpp"

#include "bora/check.hpp"
#include "bora/internal/lane.hpp"
#include "engine/runtime/executor.hpp"
#include "engine/runtime/runtime.hpp"

namespace bora {

namespace {

using internal::Executor;
using internal::TaskBase;

const TaskBase& task_of(const Executor& executor, const Context& context) {
  const TaskBase* found = nullptr;
  for (const TaskBase* task : executor.tasks())
    if (task->identity.component == context.component() && task->identity.index == context.task())
      found = task;
  BORA_CHECK(found != nullptr, "targets are asked for on the thread of another task");
  return *found;
}

}  // namespace

EmitTargets::EmitTargets(const Context& context) {
  const auto* executor = static_cast<const Executor*>(internal::ExecutorContext::current());
  BORA_CHECK(executor != nullptr, "targets are asked for on a thread that runs no task");
  const TaskBase& task = task_of(*executor, context);
  for (const internal::ComponentSpec& reader : executor->runtime().plan().components)
    for (const internal::SubscriptionSpec& reads : reader.subscriptions)
      if (reads.from == task.identity.component)
        consumers_.push_back({reader.name, reader.options.tasks, reads.stream, reads.grouping});
  for (const internal::LaneBase* lane : executor->output_lanes())
    if (&lane->producer() == &task) ways_.push_back({lane});
  begin();
}

void EmitTargets::begin() noexcept {
  for (Way& way : ways_)
    way.tuples_before = way.lane->tuples();
}

std::vector<EmitTargets::Task> EmitTargets::reached() const {
  std::vector<Task> tasks;
  for (const Way& way : ways_) {
    const internal::TaskIdentity& to = way.lane->consumer().identity;
    for (std::uint64_t n = way.lane->tuples(); n > way.tuples_before; --n)
      tasks.push_back({to.component, to.index});
  }
  return tasks;
}

}  // namespace bora
