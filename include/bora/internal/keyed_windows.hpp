#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bora/internal/window_buffer.hpp"
#include "bora/internal/window_grid.hpp"

namespace bora::internal {

/// What came of showing a window to its bolt.
enum class WindowOutcome : std::uint8_t {
  kDone,   ///< Closed; or failed for good, which its inputs' trees know.
  kRetry,  ///< Nothing changed: show it again later.
};

/// The open windows of every key, and which of them closes next. Knows neither clocks nor bolts.
///
/// A window is shown by `show(key, number, start, values, token)`, where the token stands for all of
/// its inputs; windows close by their end, then by the age of their key, so the order is a function of
/// the inputs alone.
/// Threads: single-owner.
template <class In, class Key>
class KeyedWindows {
 public:
  explicit KeyedWindows(WindowGrid grid) : grid_(grid) {}

  [[nodiscard]] const WindowGrid& grid() const noexcept { return grid_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }
  [[nodiscard]] std::size_t keys() const noexcept { return keys_.size(); }
  [[nodiscard]] bool has_key(const Key& key) const { return keys_.find(key) != keys_.end(); }
  [[nodiscard]] bool has_stuck() const noexcept { return !stuck_.empty(); }

  /// Windows over time. Requires: the position is in a window that is open at `limit`, which never
  /// goes back and up to which everything was closed.
  void add_at(Key key, std::int64_t position, std::int64_t limit, In&& value, AckToken token) {
    KeyState& state = state_of(std::move(key));
    if (!state.is_stuck) state.buffer.open_from(grid_.first_start(limit));
    insert(state, position, std::move(value), std::move(token));
    schedule(state);
  }
  /// Windows over counts: the position is how many inputs of this key came before. Closes what this
  /// input completes.
  template <class Show>
  void add_next(Key key, In&& value, AckToken token, Show&& show) {
    KeyState& state = state_of(std::move(key));
    const std::int64_t position = state.next_ordinal++;
    if (grid_.covers(position)) {
      state.buffer.open_from(0);  // there is no input before the first
      insert(state, position, std::move(value), std::move(token));
    } else {
      std::move(token).ack();  // between two windows
    }
    if (!state.is_stuck) close_complete(state, show);
  }

  /// Closes every window over time that ends at or before `limit`.
  template <class Show>
  void close_until(std::int64_t limit, Show&& show) {
    while (!due_.empty() && due_.begin()->end <= limit) {
      KeyState& state = *due_.begin()->state;
      unschedule(state);
      if (show_next(state, show) == WindowOutcome::kRetry) {
        mark_stuck(state);
      } else {
        forget_or_schedule(state);
      }
    }
  }
  /// Shows again what was to be retried.
  template <class Show>
  void retry_until(std::int64_t limit, Show&& show) {
    for (KeyState* state : std::exchange(stuck_, {})) {
      state->is_stuck = false;
      schedule(*state);
    }
    close_until(limit, show);
  }
  template <class Show>
  void retry_complete(Show&& show) {
    for (KeyState* state : std::exchange(stuck_, {})) {
      state->is_stuck = false;
      close_complete(*state, show);
    }
  }
  /// When the next window over time ends.
  [[nodiscard]] std::optional<std::int64_t> next_end() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->end;
  }

  /// Gives every input back, and forgets every key.
  void fail_all(FailureKind kind, const std::string& reason) {
    due_.clear();
    stuck_.clear();
    for (KeyState* state : in_order())
      state->buffer.fail_all(kind, reason);
    keys_.clear();
    held_ = 0;
  }

 private:
  struct KeyState {
    const Key* key = nullptr;  // of the map's node
    std::uint64_t order = 0;   // by first input
    std::int64_t next_ordinal = 0;
    std::int64_t due = WindowGrid::kNone;
    bool is_stuck = false;
    WindowBuffer<In> buffer;
  };
  struct Due {
    std::int64_t end;
    std::uint64_t order;
    KeyState* state;
    bool operator<(const Due& other) const noexcept {
      return end != other.end ? end < other.end : order < other.order;
    }
  };

  KeyState& state_of(Key key) {
    auto [it, is_new] = keys_.try_emplace(std::move(key));
    if (is_new) {
      it->second.key = &it->first;
      it->second.order = next_order_++;
    }
    return it->second;
  }
  void insert(KeyState& state, std::int64_t position, In&& value, AckToken token) {
    state.buffer.insert(position, std::move(value), std::move(token));
    ++held_;
  }

  /// Requires: the buffer is not empty.
  void schedule(KeyState& state) {
    if (state.is_stuck) return;
    const std::int64_t due = grid_.end(state.buffer.next_window(grid_));
    if (due == state.due) return;  // so it is for all but the first input of most windows
    unschedule(state);
    state.due = due;
    due_.insert({due, state.order, &state});
  }
  void unschedule(KeyState& state) {
    if (state.due == WindowGrid::kNone) return;
    due_.erase({state.due, state.order, &state});
    state.due = WindowGrid::kNone;
  }
  void forget_or_schedule(KeyState& state) {
    if (state.buffer.empty()) {
      forget(state);
    } else {
      schedule(state);
    }
  }
  void forget(KeyState& state) { keys_.erase(keys_.find(*state.key)); }
  void mark_stuck(KeyState& state) {
    state.is_stuck = true;
    stuck_.push_back(&state);
  }

  template <class Show>
  void close_complete(KeyState& state, Show&& show) {
    while (!state.buffer.empty() &&
           grid_.end(state.buffer.next_window(grid_)) <= state.next_ordinal) {
      if (show_next(state, show) == WindowOutcome::kRetry) return mark_stuck(state);
    }
    // A key that stands where a new one would begin need not be remembered.
    if (state.buffer.empty() && state.next_ordinal % grid_.slide == 0) forget(state);
  }

  template <class Show>
  WindowOutcome show_next(KeyState& state, Show& show) {
    const std::int64_t start = state.buffer.next_window(grid_);
    const auto range = state.buffer.range(start, grid_.end(start));
    const WindowOutcome outcome = show(*state.key, start / grid_.slide, start,
                                       state.buffer.values(range), state.buffer.join_shared(range));
    if (outcome == WindowOutcome::kDone) held_ -= state.buffer.finish_before(start + grid_.slide);
    return outcome;
  }

  [[nodiscard]] std::vector<KeyState*> in_order() {
    std::vector<KeyState*> states;
    for (auto& [key, state] : keys_)
      states.push_back(&state);
    std::sort(states.begin(), states.end(),
              [](const KeyState* a, const KeyState* b) { return a->order < b->order; });
    return states;
  }

  WindowGrid grid_;
  std::unordered_map<Key, KeyState> keys_;  // nodes stay where they are
  std::set<Due> due_;                       // keys with open windows over time, none stuck
  std::vector<KeyState*> stuck_;
  std::size_t held_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace bora::internal
