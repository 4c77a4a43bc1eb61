#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bora/check.hpp"

namespace bora::internal {

/// A bounded ring between one producer thread and one consumer thread; wait-free, never blocks.
///
/// Invariants:
///  1. Slots [head, tail) hold values that the producer wrote and the consumer has not read.
///  2. Only the producer writes tail_ and the slots outside of [head, tail); only the consumer
///     writes head_.
///  3. Each side keeps a copy of the other's index and reads the shared one only when the copy says
///     full or empty: so the lines of the indices move between cores once per turn, not per value.
///
/// The tail is stored seq_cst, so that "push, then look whether the consumer sleeps" cannot be
/// reordered against the consumer's "say that I sleep, then look for values" (see Parker).
template <class T>
class SpscRing {
 public:
  /// Holds at least `capacity` values; rounded up to a power of two.
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        slots_(std::make_unique<T[]>(mask_ + 1)) {}

  // --- producer ---
  [[nodiscard]] bool try_push(T value) noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);  // own index
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);  // partner: pop's store
      if (tail - head_seen_ > mask_) return false;
    }
    slots_[tail & mask_] = value;
    tail_.store(tail + 1, std::memory_order_seq_cst);
    return true;
  }

  // --- consumer ---
  [[nodiscard]] bool try_pop(T& value) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);  // own index
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);  // partner: push's store
      if (head == tail_seen_) return false;
    }
    value = slots_[head & mask_];
    head_.store(head + 1, std::memory_order_release);  // partner: push's load
    return true;
  }
  /// Calls visit(value) for everything that waits, oldest first, without taking it.
  template <class Visit>
  void peek(Visit&& visit) const {
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    for (std::uint64_t i = head_.load(std::memory_order_relaxed); i != tail; ++i)
      visit(slots_[i & mask_]);
  }

  // --- any thread ---
  [[nodiscard]] bool is_empty() const noexcept { return size() == 0; }
  /// Exact for the two sides' own decisions, a hint for others.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_seq_cst);
    const std::uint64_t tail = tail_.load(std::memory_order_seq_cst);
    return tail > head ? static_cast<std::size_t>(tail - head) : 0;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t head_seen_ = 0;  // producer's
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::uint64_t tail_seen_ = 0;  // consumer's
};

}  // namespace bora::internal
