#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "connectors/multilang/component.hpp"

namespace bora::multilang {

/// While it lives, what this thread emits is a direct emit of a child's, for `task`.
/// Threads: lives and dies on one thread. Does not nest.
class DirectScope {
 public:
  explicit DirectScope(const Roster::Task& task) noexcept { current() = &task; }
  ~DirectScope() { current() = nullptr; }
  DirectScope(const DirectScope&) = delete;
  DirectScope& operator=(const DirectScope&) = delete;
  [[nodiscard]] static const Roster::Task*& current() noexcept {
    thread_local const Roster::Task* task = nullptr;
    return task;
  }
};

/// A custom grouping for a consumer that takes direct emits: to the task that the child names.
///
///   topology.bolt("counter", ..., {.tasks = 3}).custom(shell, multilang::DirectTo{"counter"});
///
/// The options of the child name the same component in `direct`.
/// Fails: the emit throws when the child named no task, or `component` is not who subscribes.
class DirectTo {
 public:
  explicit DirectTo(std::string component) : component_(std::move(component)) {}

  template <class T, class TaskChoice>
  void operator()(const T&, TaskChoice& choice) const {
    const Roster::Task* task = DirectScope::current();
    if (task == nullptr)
      throw std::runtime_error("the child names no task on a stream that " + component_ +
                               " reads by direct emits");
    if (task->component != component_) return;
    if (task->index >= choice.tasks())
      throw std::runtime_error("the child names a task that " + component_ +
                               " does not have: give DirectTo the name of its own component");
    choice.send_to(task->index);
  }

 private:
  std::string component_;
};

}  // namespace bora::multilang
