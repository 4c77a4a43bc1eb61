#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <typeindex>
#include <utility>

#include "bora/internal/block.hpp"
#include "bora/internal/task.hpp"

namespace bora::internal {

/// A bolt's task that now and then throws, though its bolt does not know: the simulator puts it around
/// tasks. A throw after execute() leaves everything done, as if its
/// last statement had thrown.
/// Threads: single-owner.
class FaultyTask final : public TaskBase {
 public:
  enum class When : std::uint8_t { kBefore, kAfter };
  struct Fault {
    When when = When::kBefore;
    std::exception_ptr error;
  };
  /// Asked for every tuple; no error means that nothing is thrown.
  using Decide = std::function<Fault(const TaskIdentity&)>;

  FaultyTask(std::unique_ptr<TaskBase> inner, Decide decide)
      : inner_(std::move(inner)), decide_(std::move(decide)) {}

  [[nodiscard]] Component& component() noexcept override { return inner_->component(); }
  [[nodiscard]] std::type_index input_type() const noexcept override {
    return inner_->input_type();
  }

  void run(Block& block, std::uint32_t max) override {
    inner_->identity.id = identity.id;  // the engine numbers tasks after they are made
    inner_->identity.index = identity.index;
    inner_->context = context;
    for (; max > 0 && block.read < block.count && context->blocked_lanes == 0; --max)
      run_one(block);
    executed = inner_->executed;
  }

 private:
  void run_one(Block& block) {
    Fault fault = decide_(identity);
    if (!fault.error) return inner_->run(block, 1);
    if (fault.when == When::kBefore) return inner_->fail_next(block, std::move(fault.error));
    const TreeRef ref = block.refs[block.read];
    context->raise(ref);  // the tree must not complete before it has failed
    inner_->run(block, 1);
    context->begin(ref);
    context->fail_current(std::move(fault.error));
    context->begin(kUntracked);
    context->release(ref);
  }

  std::unique_ptr<TaskBase> inner_;
  Decide decide_;
};

}  // namespace bora::internal
