#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "bora/internal/executor_context.hpp"
#include "bora/internal/window_bolt_base.hpp"
#include "bora/internal/window_buffer.hpp"
#include "bora/internal/window_folds.hpp"
#include "bora/window_view.hpp"

namespace bora::internal {

/// Windows that keep their inputs, and show them.
template <class In, class Out, class Key>
class KeepingBolt : public WindowBoltBase<WindowBuffer<In>, Window<In, Key>, In, Out, Key> {
 protected:
  using WindowBoltBase<WindowBuffer<In>, Window<In, Key>, In, Out, Key>::WindowBoltBase;
  using InputKey = Key;

  void put(WindowBuffer<In>& store, std::int64_t position, In& in) {
    store.insert(this->windows_.grid(), position, std::move(in));
  }
};

/// Windows that fold their inputs into accumulators, and show those.
template <class In, class Acc, class Out, class Key>
class FoldingBolt : public WindowBoltBase<WindowFolds<Acc>, FoldedWindow<Acc, Key>, In, Out, Key> {
 protected:
  using WindowBoltBase<WindowFolds<Acc>, FoldedWindow<Acc, Key>, In, Out, Key>::WindowBoltBase;
  using InputKey = Key;

  /// Called once for each input and each window that holds it, as inputs arrive. `value` is Acc{} at
  /// first. What it throws fails that input alone: throw before `value` is changed.
  virtual void fold(Acc& value, const In& in) = 0;

  void put(WindowFolds<Acc>& store, std::int64_t position, In& in) {
    const WindowGrid& grid = this->windows_.grid();
    std::optional<std::int64_t> last;  // window that has it
    try {
      store.fold(grid, position, [&](Acc& value, std::int64_t start) {
        fold(value, in);
        last = start;
      });
    } catch (...) {
      if (!last) throw;
      // Its failure is told when the windows that have it are done, as with what on_window() throws.
      ExecutorContext::current()->fail_current(std::current_exception());
    }
    store.take_executing(grid.first_start(position), *last);
  }
};

}  // namespace bora::internal
