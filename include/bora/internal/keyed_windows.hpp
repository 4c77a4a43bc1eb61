#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bora/failure.hpp"
#include "bora/internal/tree_ref.hpp"
#include "bora/internal/window_calendar.hpp"
#include "bora/internal/window_grid.hpp"

namespace bora::internal {

/// What came of showing a window to its bolt.
enum class WindowOutcome : std::uint8_t {
  kDone,   ///< Closed; or failed for good, which its inputs' trees know.
  kRetry,  ///< Nothing changed: show it again later.
};

/// The open windows of every key, and which of them closes next. Knows neither clocks nor bolts, nor
/// what windows hold: a `Store` has it, for each key (WindowBuffer, WindowFolds).
///
/// An input is put in by `put(store, position)`, once. A window is shown by
/// `show(key, number, start, content, ref)`, where the reference stands for all of its inputs, with a
/// count that is released when kDone is returned; windows close by their end, then by the age of their key, so the order is a function
/// of the inputs alone.
/// Threads: single-owner.
template <class Store, class Key>
class KeyedWindows {
 public:
  explicit KeyedWindows(WindowGrid grid) : grid_(grid) {}

  [[nodiscard]] const WindowGrid& grid() const noexcept { return grid_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }
  [[nodiscard]] std::size_t keys() const noexcept { return states_.size() - idle_; }
  [[nodiscard]] bool has_key(const Key& key) const {
    const auto found = states_.find(key);
    return found != states_.end() && !found->second.is_idle;
  }

  /// Windows over time. Requires: the position is in a window that is open at `limit`, which never
  /// goes back and up to which everything was closed. What `put` throws leaves no trace.
  template <class Put>
  void add_at(Key key, std::int64_t position, std::int64_t limit, Put&& put) {
    KeyState& state = state_of(std::move(key));
    if (!state.is_stuck) state.store.open_from(grid_.first_start(limit));
    insert(state, position, put);
    if (!state.is_stuck) schedule(state);
  }
  /// Windows over counts: the position is how many inputs of this key came before. Closes what this
  /// input completes. What lies between two windows is not put.
  template <class Put, class Show>
  void add_next(Key key, Put&& put, Show&& show) {
    KeyState& state = state_of(std::move(key));
    if (grid_.covers(state.next_ordinal)) {
      state.store.open_from(0);  // there is no input before the first
      insert(state, state.next_ordinal, put);
    }
    ++state.next_ordinal;
    if (!state.is_stuck) close_complete(state, show);
  }

  /// Closes every window over time that ends at or before `limit`.
  template <class Show>
  void close_until(std::int64_t limit, Show&& show) {
    for (auto end = next_end(); end && *end <= limit; end = next_end())
      for (KeyState* state : calendar_.take_first())
        close_next(*state, show);
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
  [[nodiscard]] std::optional<std::int64_t> next_end() const { return calendar_.first(); }

  /// Gives every input back, and forgets every key.
  void fail_all(FailureKind kind, const std::string& reason) {
    calendar_.clear();
    stuck_.clear();
    for (KeyState* state : in_order())
      state->store.fail_all(kind, reason);
    states_.clear();
    held_ = 0;
    idle_ = 0;
  }

 private:
  struct KeyState : CalendarEntry {  // in order of first inputs
    const Key* key = nullptr;        // of the map's node
    std::int64_t next_ordinal = 0;
    bool is_stuck = false;
    bool is_idle = true;
    Store store;
  };
  /// Keys without windows that are remembered, so that those whose next window begins soon, as most do,
  /// need no new place.
  static constexpr std::size_t kMostIdle = 4'096;

  KeyState& state_of(Key key) {
    auto [it, is_new] = states_.try_emplace(std::move(key));
    KeyState& state = it->second;
    if (!state.is_idle) return state;
    state.is_idle = false;
    state.order = next_order_++;
    if (!is_new) --idle_;
    state.key = &it->first;
    return state;
  }
  /// A key that stands where a new one would begin need not be remembered. True: it may be gone.
  bool rest_if_over(KeyState& state) {
    if (!state.store.empty() || state.next_ordinal % grid_.slide != 0) return false;
    state.next_ordinal = 0;
    state.store.reset();
    state.is_idle = true;
    ++idle_;
    if (idle_ > std::max(kMostIdle, keys())) forget_idle();
    return true;
  }
  void forget_idle() {
    std::erase_if(states_, [](const auto& entry) { return entry.second.is_idle; });
    idle_ = 0;
  }
  template <class Put>
  void insert(KeyState& state, std::int64_t position, Put& put) {
    try {
      put(state.store, position);
    } catch (...) {
      rest_if_over(state);
      throw;
    }
    ++held_;
  }

  /// Requires: there is an open window, and the key is not stuck.
  void schedule(KeyState& state) {
    calendar_.move(state, grid_.end(state.store.next_window(grid_)));
  }
  void mark_stuck(KeyState& state) {
    state.is_stuck = true;
    stuck_.push_back(&state);
  }
  template <class Show>
  void close_next(KeyState& state, Show& show) {
    if (show_next(state, show) == WindowOutcome::kRetry) return mark_stuck(state);
    if (!rest_if_over(state)) schedule(state);
  }
  template <class Show>
  void close_complete(KeyState& state, Show& show) {
    while (!state.store.empty() &&
           grid_.end(state.store.next_window(grid_)) <= state.next_ordinal) {
      if (show_next(state, show) == WindowOutcome::kRetry) return mark_stuck(state);
    }
    rest_if_over(state);
  }
  template <class Show>
  WindowOutcome show_next(KeyState& state, Show& show) {
    Store& store = state.store;
    const std::int64_t start = store.next_window(grid_);
    const TreeRef ref = store.take(start);
    const WindowOutcome outcome =
        show(*state.key, start / grid_.slide, start, store.content(grid_, start), ref);
    if (outcome == WindowOutcome::kDone) {
      held_ -= store.finish(grid_, start);
    } else {
      store.give_back(start, ref);
    }
    return outcome;
  }

  std::vector<KeyState*> in_order() {
    std::vector<KeyState*> states;
    for (auto& [key, state] : states_)
      states.push_back(&state);
    std::sort(states.begin(), states.end(),
              [](const KeyState* a, const KeyState* b) { return a->order < b->order; });
    return states;
  }

  WindowGrid grid_;
  std::unordered_map<Key, KeyState> states_;  // nodes stay where they are
  WindowCalendar<KeyState> calendar_;         // open windows over time, but for those of stuck keys
  std::vector<KeyState*> stuck_;
  std::size_t held_ = 0;
  std::size_t idle_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace bora::internal
