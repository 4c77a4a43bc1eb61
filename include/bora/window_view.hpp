#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bora/clock.hpp"
#include "bora/internal/window_folds.hpp"
#include "bora/window_options.hpp"

namespace bora {

/// Where a window lies. A view: valid during on_window() only.
template <class Key>
class WindowPlace {
 public:
  WindowPlace(const Key& key, std::int64_t number, WallTime from, WallTime to)
      : key_(&key), number_(number), from_(from), to_(to) {}

  [[nodiscard]] const Key& key() const noexcept { return *key_; }
  /// The window begins at number * slide. Over time: since 1970. By count: since the key's first input,
  /// or since its first one after a moment when nothing of it was held.
  [[nodiscard]] std::int64_t number() const noexcept { return number_; }
  /// Windows over time: first moment in it, and first moment after it. By count: the epoch.
  [[nodiscard]] WallTime from() const noexcept { return from_; }
  [[nodiscard]] WallTime to() const noexcept { return to_; }

 private:
  const Key* key_;
  std::int64_t number_;
  WallTime from_;
  WallTime to_;
};

/// One window, as on_window() sees it: its inputs, oldest first, and where it lies. A view: valid
/// during on_window() only.
template <class In, class Key = NoKey>
class Window : public WindowPlace<Key> {
 public:
  Window(const WindowPlace<Key>& place, std::span<const In> inputs)
      : WindowPlace<Key>(place), inputs_(inputs) {}

  /// Never empty. By time, then by arrival.
  [[nodiscard]] std::span<const In> inputs() const noexcept { return inputs_; }
  [[nodiscard]] auto begin() const noexcept { return inputs_.begin(); }
  [[nodiscard]] auto end() const noexcept { return inputs_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return inputs_.size(); }

 private:
  std::span<const In> inputs_;
};

/// One window of a bolt that folds, as on_window() sees it: what its inputs were folded into, and where
/// it lies. A view: valid during on_window() only.
template <class Acc, class Key = NoKey>
class FoldedWindow : public WindowPlace<Key> {
 public:
  FoldedWindow(const WindowPlace<Key>& place, const internal::WindowFold<Acc>& fold)
      : WindowPlace<Key>(place), fold_(&fold) {}

  [[nodiscard]] const Acc& value() const noexcept { return fold_->value; }
  [[nodiscard]] std::size_t count() const noexcept { return fold_->inputs; }  ///< Never 0.

 private:
  const internal::WindowFold<Acc>* fold_;
};

}  // namespace bora
