#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/component.hpp"
#include "bora/internal/subscription.hpp"

namespace bora {

/// Tells which tasks a tuple went to, for a component that has to say so, as one whose child process
/// speaks Storm's protocol. Most have not: emits know nothing of this and cost what they cost. It reads
/// the counts that the engine keeps of each way from task to task, before an emit and after it.
///
///   targets_.emplace(context);                                   // in open()
///   targets_->begin();
///   out.emit(alert);
///   for (const EmitTargets::Task& task : targets_->reached()) ...
///
/// Threads: single-owner, the task's own thread. Lifetime: from open() to close() of the task.
class EmitTargets {
 public:
  /// A component that reads a stream of the task's component.
  struct Consumer {
    std::string component;
    std::uint32_t tasks = 1;
    std::string stream;
    Grouping grouping = Grouping::kShuffle;
  };
  struct Task {
    std::string_view component;
    std::uint32_t index = 0;  ///< Within the component.
    bool operator==(const Task&) const = default;
  };

  /// Of the task that `context` belongs to. Requires: called on its own thread, in open() or later.
  explicit EmitTargets(const Context& context);

  /// All of them, in the topology's order; one that reads two streams stands here twice.
  [[nodiscard]] const std::vector<Consumer>& consumers() const noexcept { return consumers_; }
  /// From now on it is counted.
  void begin() noexcept;
  /// Where went what the task emitted since begin(), on whatever stream: ordered by consumer and task,
  /// a task as often as it got something. Costs a look at each task that it may emit to.
  [[nodiscard]] std::vector<Task> reached() const;

 private:
  struct Way {
    const internal::LaneBase* lane = nullptr;
    std::uint64_t tuples_before = 0;
  };
  std::vector<Consumer> consumers_;
  std::vector<Way> ways_;
};

}  // namespace bora
