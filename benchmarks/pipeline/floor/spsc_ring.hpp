#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <linux/futex.h>
#include <memory>
#include <span>
#include <sys/syscall.h>
#include <unistd.h>

namespace bora::bench::floor {

inline constexpr std::size_t kCacheLine = 64;
/// Looks at the other side this often before sleeping; threads may outnumber cores, so it is short.
inline constexpr int kSpins = 200;

inline void cpu_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// One sleeper, one waker. Holds how much the sleeper waits for, 0 while nobody sleeps.
///
/// No wake-up is lost: the sleeper stores its wish, then reads the ring's index; the waker stores
/// the index, then reads the wish. All four are seq_cst, so in their one total order either the
/// sleeper reads the new index or the waker reads the wish.
class alignas(kCacheLine) Parking {
 public:
  /// Sleeper: sleeps until `available()` (which must read seq_cst) reaches `wanted`.
  template <class Available>
  void sleep_until(std::uint32_t wanted, Available available) noexcept {
    for (;;) {
      wish_.store(wanted, std::memory_order_seq_cst);
      if (available() >= wanted) break;
      // Returns at once when the waker has already taken the wish; every other return is checked.
      syscall(SYS_futex, &wish_, FUTEX_WAIT_PRIVATE, wanted, nullptr, nullptr, 0);
    }
    wish_.store(0, std::memory_order_relaxed);  // a waker that still sees the wish wakes in vain
  }

  /// Waker, after a seq_cst store of its index: wakes the sleeper when `available()` is enough.
  template <class Available>
  void wake_if(Available available) noexcept {
    const std::uint32_t wanted = wish_.load(std::memory_order_seq_cst);
    if (wanted == 0) [[likely]]
      return;
    if (available() >= wanted && wish_.exchange(0, std::memory_order_seq_cst) != 0)
      syscall(SYS_futex, &wish_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

 private:
  std::atomic<std::uint32_t> wish_{0};
  static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
};

/// Whether the writer of a ring can find it full. A ring that holds pointers to a pool no larger
/// than itself never is, and its reader then needs no wake check when it releases slots.
enum class Fills { kYes, kNever };

/// A bounded ring between one writing and one reading thread, elements by value, both sides working
/// on runs of slots in place.
///
/// Invariants: head_ <= tail_ <= head_ + capacity; slots in [head_, tail_) belong to the reader, all
/// others to the writer. write_ runs ahead of tail_ by what is written but not published.
template <class T, Fills fills = Fills::kYes>
class SpscRing {
 public:
  /// `capacity` is a power of two.
  explicit SpscRing(std::size_t capacity)
      : capacity_(capacity), mask_(capacity - 1), slots_(std::make_unique<T[]>(capacity)) {}

  /// Writer: a run of free slots, at most `most`; empty when the ring is full.
  [[nodiscard]] std::span<T> writable(std::size_t most) noexcept {
    if (write_ - seen_head_ + most > capacity_) seen_head_ = head_.load(std::memory_order_acquire);
    const std::size_t free = capacity_ - static_cast<std::size_t>(write_ - seen_head_);
    return run_at(write_, std::min(free, most));
  }
  /// Writer: the first `n` of the run are written. Not visible before publish().
  void written(std::size_t n) noexcept { write_ += n; }
  /// Writer: how much is written and not yet visible.
  [[nodiscard]] std::size_t unpublished() const noexcept {
    return static_cast<std::size_t>(write_ - published_);
  }
  /// Writer: makes what was written visible, and wakes the reader if it sleeps.
  void publish() noexcept {
    if (published_ == write_) return;
    published_ = write_;
    tail_.store(write_, std::memory_order_seq_cst);  // pairs with the reader's loads of tail_
    reader_.wake_if([this] { return write_ - head_.load(std::memory_order_acquire); });
  }
  /// Writer: waits until a slot is free; once asleep, until half of the ring is. Everything must
  /// have been published.
  void wait_writable() noexcept {
    for (int i = 0; i < kSpins; ++i, cpu_pause())
      if (write_ - head_.load(std::memory_order_acquire) < capacity_) return;
    writer_.sleep_until(static_cast<std::uint32_t>(capacity_ / 2), [this] {
      return capacity_ - (write_ - head_.load(std::memory_order_seq_cst));
    });
  }

  /// Reader: a run of published elements, at most `most`; empty when there are none.
  [[nodiscard]] std::span<T> readable(std::size_t most) noexcept {
    if (seen_tail_ == read_) seen_tail_ = tail_.load(std::memory_order_acquire);
    return run_at(read_, std::min(static_cast<std::size_t>(seen_tail_ - read_), most));
  }
  /// Reader: gives the first `n` of the run back, and wakes the writer if it sleeps and enough is
  /// free.
  void release(std::size_t n) noexcept {
    read_ += n;
    if constexpr (fills == Fills::kNever) {
      head_.store(read_, std::memory_order_release);  // pairs with writable()
    } else {
      head_.store(read_, std::memory_order_seq_cst);  // pairs with the writer's loads of head_
      writer_.wake_if(
          [this] { return capacity_ - (tail_.load(std::memory_order_acquire) - read_); });
    }
  }
  /// Reader: waits until something is published; once asleep, until `wanted` elements are.
  void wait_readable(std::uint32_t wanted) noexcept {
    for (int i = 0; i < kSpins; ++i, cpu_pause())
      if (tail_.load(std::memory_order_acquire) != read_) return;
    reader_.sleep_until(wanted, [this] { return tail_.load(std::memory_order_seq_cst) - read_; });
  }

 private:
  [[nodiscard]] std::span<T> run_at(std::uint64_t position, std::size_t n) noexcept {
    const std::size_t first = static_cast<std::size_t>(position) & mask_;
    return {slots_.get() + first, std::min(n, capacity_ - first)};
  }

  // Never changes.
  const std::size_t capacity_;
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  // The writer's own.
  alignas(kCacheLine) std::uint64_t write_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t seen_head_ = 0;
  // The reader's own.
  alignas(kCacheLine) std::uint64_t read_ = 0;
  std::uint64_t seen_tail_ = 0;
  // Shared, each written by one side.
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};
  Parking reader_;
  Parking writer_;
};

}  // namespace bora::bench::floor
