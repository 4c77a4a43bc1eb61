#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "bora/component.hpp"
#include "bora/internal/block.hpp"
#include "bora/internal/executor_context.hpp"

namespace bora::internal {

struct TaskMetrics;

/// Who a task is: constant after construction.
struct TaskIdentity {
  std::string component;
  std::uint32_t id = 0;     ///< Over all tasks of the topology.
  std::uint32_t index = 0;  ///< Within its component.
  std::uint32_t tasks = 1;  ///< Of its component.
};

/// One instance of a component, in the hands of its executor. Single-owner: the executor's thread.
class TaskBase {
 public:
  TaskBase() = default;
  TaskBase(const TaskBase&) = delete;
  TaskBase& operator=(const TaskBase&) = delete;
  virtual ~TaskBase() = default;

  [[nodiscard]] virtual Component& component() noexcept = 0;
  /// Executes tuples of `block` from block.read on: at most `max`, and until a lane blocks. Moves
  /// block.read. Only bolts.
  virtual void run(Block&, std::uint32_t /*max*/) {}
  /// Takes the next tuple of `block` as if execute() had thrown `error` at once. For the simulator.
  virtual void fail_next(Block&, std::exception_ptr /*error*/) {}
  /// Whether its bolt may change its tuples, and so pass them on in place.
  [[nodiscard]] virtual bool mutates() const noexcept { return false; }
  /// The type of tuples that it takes; void for spouts.
  [[nodiscard]] virtual std::type_index input_type() const noexcept { return typeid(void); }

  TaskIdentity identity;
  Context surroundings{*this};  ///< What open() gets: components may keep a reference to it.
  ExecutorContext* context = nullptr;
  TaskMetrics* metrics = nullptr;
  std::uint64_t executed = 0;  ///< Owner's own count, published once per step.
};

/// A bolt's task. `B` is the bolt's own class when its factory returns it by value: calls are then
/// bound at compile time.
template <class B, bool kExact>
class BoltTask final : public TaskBase {
 public:
  using In = typename B::Input;

  explicit BoltTask(std::unique_ptr<B> bolt) : bolt_(std::move(bolt)) { bolt_->attach(*this); }

  [[nodiscard]] Component& component() noexcept override { return *bolt_; }
  [[nodiscard]] bool mutates() const noexcept override { return B::kMutates; }
  [[nodiscard]] std::type_index input_type() const noexcept override { return typeid(In); }

  void run(Block& block, std::uint32_t max) override {
    ExecutorContext& ctx = *context;
    In* const items = block.items_as<In>();
    const TreeRef* const refs = block.refs;
    const std::uint32_t stop = block.read + max < block.count ? block.read + max : block.count;
    ctx.current_task.store(identity.id, std::memory_order_relaxed);
    if constexpr (B::kMutates) ctx.in_block = &block;
    ctx.run_end = ctx.blocked_lanes == 0 ? stop : 0;
    std::uint32_t i = block.read;
    for (; i < ctx.run_end; ++i) {
      if constexpr (B::kMutates) {
        ctx.in_index = i;
        ctx.kept_in_place = false;
      }
      ctx.begin(refs[i]);
      execute(items[i]);
      ctx.end();
      if constexpr (B::kMutates) {
        if (ctx.kept_in_place) continue;
      }
      items[i].~In();
    }
    executed += i - block.read;
    block.read = i;
    ctx.in_block = nullptr;
    ctx.begin(kUntracked);
    ctx.taken_tree.store(kUntracked, std::memory_order_relaxed);
  }

 private:
  template <class Tuple>
  void execute(Tuple& tuple) {
    try {
      static_assert(
          requires { bolt_->execute(tuple); }, "execute() of a bolt must be public");
      if constexpr (kExact) {
        bolt_->B::execute(tuple);
      } else {
        bolt_->execute(tuple);
      }
    } catch (...) {
      context->fail_current(std::current_exception());
    }
  }

  std::unique_ptr<B> bolt_;
};

}  // namespace bora::internal
