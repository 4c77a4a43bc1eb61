#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/internal/window_grid.hpp"
#include "bora/internal/window_tokens.hpp"

namespace bora::internal {

/// What KeyedWindows keeps of one key, for windows that show their inputs: those that still belong to
/// open windows, by position and then by arrival; each is stored once, in however many windows it is.
///
/// Invariants:
///  1. positions_ ascends; values_ and positions_ have one length, and tokens_ has as many inputs.
///  2. Every position is at least next_start_: what is older belongs to closed windows only.
/// Threads: single-owner.
template <class In>
class WindowBuffer {
 public:
  using Content = std::span<const In>;

  /// Takes the input that is being executed.
  void insert(const WindowGrid& grid, std::int64_t position, In&& value) {
    const auto at =
        std::upper_bound(positions_.begin(), positions_.end(), position) - positions_.begin();
    positions_.insert(positions_.begin() + at, position);
    values_.insert(values_.begin() + at, std::move(value));
    tokens_.take_executing(grid.first_start(position), grid.last_start(position));
  }

  [[nodiscard]] bool empty() const noexcept { return positions_.empty(); }

  /// Windows that start before `start` are closed, whatever else arrives.
  void open_from(std::int64_t start) noexcept { next_start_ = std::max(next_start_, start); }

  /// Start of the next window to close, or kNone: empty windows do not count.
  [[nodiscard]] std::int64_t next_window(const WindowGrid& grid) const noexcept {
    if (positions_.empty()) return WindowGrid::kNone;
    return std::max(next_start_, grid.first_start(positions_.front()));
  }
  /// Of the next window. Requires: there is one, and it starts at `start`.
  [[nodiscard]] Content content(const WindowGrid& grid, std::int64_t start) const {
    const auto first = std::lower_bound(positions_.begin(), positions_.end(), start);
    const auto last = std::lower_bound(first, positions_.end(), grid.end(start));
    return Content(values_).subspan(static_cast<std::size_t>(first - positions_.begin()),
                                    static_cast<std::size_t>(last - first));
  }
  /// What stands for its inputs. See WindowTokens.
  [[nodiscard]] TreeRef take(std::int64_t start) { return tokens_.take(start); }
  void give_back(std::int64_t start, TreeRef ref) { tokens_.give_back(start, ref); }

  /// The next window is done with: forgets the inputs that no later one holds. Returns how many.
  std::size_t finish(const WindowGrid& grid, std::int64_t start) {
    open_from(start + grid.slide);
    const auto kept = std::lower_bound(positions_.begin(), positions_.end(), next_start_);
    values_.erase(values_.begin(), values_.begin() + (kept - positions_.begin()));
    positions_.erase(positions_.begin(), kept);
    return tokens_.finish(start);
  }
  /// Gives every input back.
  void fail_all(FailureKind kind, const std::string& reason) {
    tokens_.fail_all(kind, reason);
    values_.clear();
    positions_.clear();
  }
  /// Begins anew, as if nothing had come; keeps a little memory. Requires: empty().
  void reset() {
    next_start_ = std::numeric_limits<std::int64_t>::min();
    tokens_.shrink();
    if (positions_.capacity() <= HeldTokens::kSpare) return;
    positions_ = {};
    values_ = {};
  }

 private:
  std::vector<In> values_;
  std::vector<std::int64_t> positions_;
  WindowTokens tokens_;
  std::int64_t next_start_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace bora::internal
