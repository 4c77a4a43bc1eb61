#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bora/clock.hpp"

namespace bora::internal {

/// The timers of one executor: a heap by due time, ties in order of creation. Single-owner.
class Timers {
 public:
  void add(Instant due, std::chrono::nanoseconds period, std::function<void()> fn) {
    heap_.push_back({due, next_++, period, std::make_shared<std::function<void()>>(std::move(fn))});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  [[nodiscard]] std::optional<Instant> next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }
  /// Takes one timer that is due and returns its function; null when none is. A periodic timer is set
  /// again one period after `now`: what was missed is not made up for.
  [[nodiscard]] std::shared_ptr<std::function<void()>> take_due(Instant now) {
    if (heap_.empty() || heap_.front().due > now) return nullptr;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    auto fn = heap_.back().fn;
    if (heap_.back().period.count() > 0) {
      heap_.back().due = now + heap_.back().period;
      std::push_heap(heap_.begin(), heap_.end(), later);
    } else {
      heap_.pop_back();
    }
    return fn;
  }
  void clear() { heap_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

 private:
  struct Entry {
    Instant due;
    std::uint64_t order;
    std::chrono::nanoseconds period;
    std::shared_ptr<std::function<void()>> fn;  // with the call under way, which may add timers
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }
  std::vector<Entry> heap_;
  std::uint64_t next_ = 0;
};

}  // namespace bora::internal
