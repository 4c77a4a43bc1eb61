#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bora/internal/window_grid.hpp"
#include "bora/internal/window_tokens.hpp"

namespace bora::internal {

/// What became of a window's inputs.
template <class Acc>
struct WindowFold {
  std::int64_t start = 0;
  std::size_t inputs = 0;
  Acc value{};
};

/// What KeyedWindows keeps of one key, for windows that fold: an accumulator for each open window that
/// has inputs.
///
/// Invariants: folds_ ascend by start; none is empty, or starts before next_start_.
/// Threads: single-owner.
template <class Acc>
class WindowFolds {
 public:
  using Content = const WindowFold<Acc>&;

  /// Calls fold(accumulator, start) for each open window that holds the position, ascending, until it
  /// throws: for the first of them, that leaves everything as it was.
  template <class Fold>
  void fold(const WindowGrid& grid, std::int64_t position, Fold&& fold) {
    const std::int64_t last = grid.last_start(position);
    for (std::int64_t start = first_open(grid, position); start <= last; start += grid.slide)
      fold_into(start, fold);
  }
  /// Takes the input that is being executed, and was folded into the windows that start at `first` to
  /// `last`.
  void take_executing(std::int64_t first, std::int64_t last) {
    tokens_.take_executing(first, last);
  }

  // The rest is as in WindowBuffer.
  [[nodiscard]] bool empty() const noexcept { return folds_.empty(); }
  void open_from(std::int64_t start) noexcept { next_start_ = std::max(next_start_, start); }
  [[nodiscard]] std::int64_t next_window(const WindowGrid&) const noexcept {
    return folds_.empty() ? WindowGrid::kNone : folds_.front().start;
  }
  [[nodiscard]] Content content(const WindowGrid&, std::int64_t) const { return folds_.front(); }
  [[nodiscard]] TreeRef take(std::int64_t start) { return tokens_.take(start); }
  void give_back(std::int64_t start, TreeRef ref) { tokens_.give_back(start, ref); }
  std::size_t finish(const WindowGrid& grid, std::int64_t start) {
    open_from(start + grid.slide);
    folds_.erase(folds_.begin());
    return tokens_.finish(start);
  }
  void fail_all(FailureKind kind, const std::string& reason) {
    tokens_.fail_all(kind, reason);
    folds_.clear();
  }
  void reset() {
    next_start_ = std::numeric_limits<std::int64_t>::min();
    tokens_.shrink();
    if (folds_.capacity() > HeldTokens::kSpare) folds_ = {};
  }

 private:
  [[nodiscard]] std::int64_t first_open(const WindowGrid& grid, std::int64_t position) const {
    return std::max(next_start_, grid.first_start(position));
  }
  template <class Fold>
  void fold_into(std::int64_t start, Fold& fold) {
    auto at = folds_.end();
    while (at != folds_.begin() && std::prev(at)->start >= start)
      --at;
    if (at == folds_.end() || at->start != start) {
      WindowFold<Acc> fresh{start};
      fold(fresh.value, start);
      fresh.inputs = 1;
      folds_.insert(at, std::move(fresh));
    } else {
      fold(at->value, start);
      ++at->inputs;
    }
  }

  std::vector<WindowFold<Acc>> folds_;
  WindowTokens tokens_;
  std::int64_t next_start_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace bora::internal
