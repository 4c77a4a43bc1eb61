#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "bora/clock.hpp"

namespace bora {

/// Things that wait for their time, at most `capacity` of them. What is due first leaves first; what is
/// due at the same time leaves in the order in which it came.
///
/// Threads: single-owner. Cost: O(log n) to push and pop; memory grows as needed up to the capacity.
template <class T>
class RetryBuffer {
 public:
  explicit RetryBuffer(std::size_t capacity) : capacity_(capacity) {}

  /// False, and nothing taken, when full.
  [[nodiscard]] bool try_push(Instant due, T item) {
    if (heap_.size() >= capacity_) return false;
    heap_.push_back(Waiting{due, next_arrival_++, std::move(item)});
    std::push_heap(heap_.begin(), heap_.end(), is_later);
    return true;
  }
  /// The item that is due first, if it is due at `now`.
  [[nodiscard]] std::optional<T> pop_due(Instant now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    std::optional<T> item{std::move(heap_.back().item)};
    heap_.pop_back();
    return item;
  }
  [[nodiscard]] std::optional<Instant> next_due() const noexcept {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }
  /// Forgets every item for which `drop(item)` is true; the rest keep their order. O(n).
  template <class Drop>
  std::size_t erase_if(Drop drop) {
    const std::size_t before = heap_.size();
    std::erase_if(heap_, [&](const Waiting& w) { return drop(w.item); });
    std::make_heap(heap_.begin(), heap_.end(), is_later);
    return before - heap_.size();
  }
  void clear() noexcept { heap_.clear(); }

  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] bool is_full() const noexcept { return heap_.size() >= capacity_; }

 private:
  struct Waiting {
    Instant due;
    std::uint64_t arrival;
    T item;
  };
  static bool is_later(const Waiting& a, const Waiting& b) noexcept {
    return a.due != b.due ? a.due > b.due : a.arrival > b.arrival;
  }

  std::size_t capacity_;
  std::uint64_t next_arrival_ = 0;
  std::vector<Waiting> heap_;
};

}  // namespace bora
