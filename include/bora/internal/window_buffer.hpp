#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "bora/internal/held_tokens.hpp"
#include "bora/internal/window_grid.hpp"

namespace bora::internal {

/// The inputs of one key that still belong to open windows, by position and then by arrival; each is
/// stored once, in however many windows it is.
///
/// Invariants:
///  1. positions_ ascends; values_, positions_ and tokens_ have one length.
///  2. Every position is at least next_start_: what is older belongs to closed windows only.
/// Threads: single-owner.
template <class In>
class WindowBuffer {
 public:
  void insert(std::int64_t position, In&& value, AckToken token) {
    const auto at =
        std::upper_bound(positions_.begin(), positions_.end(), position) - positions_.begin();
    positions_.insert(positions_.begin() + at, position);
    tokens_.insert(static_cast<std::size_t>(at), std::move(token));
    values_.insert(values_.begin() + at, std::move(value));
  }

  [[nodiscard]] std::size_t size() const noexcept { return positions_.size(); }
  [[nodiscard]] bool empty() const noexcept { return positions_.empty(); }

  /// Windows that start before `start` are closed, whatever else arrives.
  void open_from(std::int64_t start) noexcept { next_start_ = std::max(next_start_, start); }

  /// Start of the next window to close, or kNone: empty windows do not count.
  [[nodiscard]] std::int64_t next_window(const WindowGrid& grid) const noexcept {
    if (positions_.empty()) return WindowGrid::kNone;
    return std::max(next_start_, grid.first_start(positions_.front()));
  }

  struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  [[nodiscard]] Range range(std::int64_t from, std::int64_t to) const {
    const auto first = std::lower_bound(positions_.begin(), positions_.end(), from);
    const auto last = std::lower_bound(first, positions_.end(), to);
    return {static_cast<std::size_t>(first - positions_.begin()),
            static_cast<std::size_t>(last - first)};
  }
  [[nodiscard]] std::span<const In> values(Range range) const {
    return std::span<const In>(values_).subspan(range.first, range.count);
  }
  [[nodiscard]] AckToken join_shared(Range range) const {
    return tokens_.join_shared(range.first, range.count);
  }

  /// The window before `next_start` is done with: acks the inputs that no later window holds. Returns
  /// how many.
  std::size_t finish_before(std::int64_t next_start) {
    open_from(next_start);
    const std::size_t count = range(std::numeric_limits<std::int64_t>::min(), next_start).count;
    tokens_.ack_front(count);
    erase_values(count);
    return count;
  }
  /// Gives every input back. Returns how many.
  std::size_t fail_all(FailureKind kind, const std::string& reason) {
    const std::size_t count = size();
    tokens_.fail_front(count, kind, reason);
    erase_values(count);
    return count;
  }

 private:
  void erase_values(std::size_t count) {
    values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count));
    positions_.erase(positions_.begin(), positions_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  std::vector<In> values_;
  std::vector<std::int64_t> positions_;
  HeldTokens tokens_;
  std::int64_t next_start_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace bora::internal
