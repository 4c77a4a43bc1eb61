#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "bora/internal/window_grid.hpp"

namespace bora::internal {

/// What the calendar notes at those whose windows it knows.
struct CalendarEntry {
  std::uint64_t order = 0;  ///< Among those that are due together.
  std::int64_t due = WindowGrid::kNone;
  std::size_t place = 0;  ///< Of the calendar: in its day.
};

/// Whose windows end next: a few days, with many entries each. `T` derives from CalendarEntry.
/// Threads: single-owner. Lifetime: entries outlive their place in it.
template <class T>
class WindowCalendar {
 public:
  [[nodiscard]] std::optional<std::int64_t> first() const {
    if (days_.empty()) return std::nullopt;
    return days_.begin()->first;
  }
  void move(T& entry, std::int64_t due) {
    if (due == entry.due) return;  // so it is for all but the first input of most windows
    remove(entry);
    std::vector<T*>& day = days_[due];
    entry.due = due;
    entry.place = day.size();
    day.push_back(&entry);
  }
  void remove(T& entry) {
    if (entry.due == WindowGrid::kNone) return;
    const auto found = days_.find(entry.due);
    std::vector<T*>& day = found->second;
    day[entry.place] = day.back();
    day[entry.place]->place = entry.place;
    day.pop_back();
    entry.due = WindowGrid::kNone;
    if (day.empty()) days_.erase(found);
  }
  /// Takes out those that are due first, in order. Requires: there are any.
  [[nodiscard]] std::vector<T*> take_first() {
    std::vector<T*> day = std::move(days_.begin()->second);
    days_.erase(days_.begin());
    const auto earlier = [](const T* a, const T* b) { return a->order < b->order; };
    if (!std::is_sorted(day.begin(), day.end(), earlier))
      std::sort(day.begin(), day.end(), earlier);
    for (T* entry : day)
      entry->due = WindowGrid::kNone;
    return day;
  }
  void clear() { days_.clear(); }

 private:
  std::map<std::int64_t, std::vector<T*>> days_;
};

}  // namespace bora::internal
