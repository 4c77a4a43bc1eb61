#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "benchmarks/peers/bora/options.hpp"
#include "benchmarks/pipeline/open_loop.hpp"

namespace bora::peers {

/// What was completed so far, added up over the tasks that complete.
///
/// Threads: each counter has one writer; total() from any.
class Progress {
 public:
  class alignas(64) Counter {
   public:
    void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(std::uint64_t more) noexcept { set(value_.load(std::memory_order_relaxed) + more); }
    [[nodiscard]] std::uint64_t get() const noexcept {
      return value_.load(std::memory_order_relaxed);  // a figure of its own, orders nothing
    }

   private:
    std::atomic<std::uint64_t> value_{0};
  };

  /// Lives as long as this.
  [[nodiscard]] Counter& counter();
  [[nodiscard]] std::uint64_t total() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
};

/// Latencies of what was due after the warm-up; kept whole, of at most a million tuples a second.
///
/// Threads: begin() before what it orders, record() on the sink's thread, the others after it.
class Latencies {
 public:
  /// `outputs` of each tuple, at most.
  Latencies(const Options& options, std::uint64_t outputs);

  /// What is due from then on counts.
  void begin(std::int64_t from_ns) noexcept { from_ns_ = from_ns; }
  void record(std::int64_t due_ns) noexcept {
    if (due_ns < from_ns_ || ++seen_ % stride_ != 0 || samples_.size() == samples_.capacity())
      return;
    samples_.push_back(bench::monotonic_ns() - due_ns);
  }
  [[nodiscard]] const std::vector<std::int64_t>& samples_ns() const noexcept { return samples_; }
  /// One of so many is kept.
  [[nodiscard]] std::uint64_t stride() const noexcept { return stride_; }

 private:
  std::int64_t from_ns_ = 0;
  std::uint64_t stride_;
  std::uint64_t seen_ = 0;
  std::vector<std::int64_t> samples_;  // reserved, never grows
};

/// How late bursts were that were due after the warm-up.
[[nodiscard]] std::vector<std::int64_t> measured_lateness(const bench::OpenLoop& schedule,
                                                          const Options& options);

/// The measured part of a run.
struct Measured {
  double seconds = 0;
  std::uint64_t completed = 0;
  double cpu_seconds = 0;
  std::vector<std::uint64_t> per_second;  ///< From the beginning, warm-up included.
};

/// Watches from now on: looks at `completed` each second, at the end of the warm-up and at its own end,
/// which is after all seconds or as soon as `is_over`.
[[nodiscard]] Measured measure(const Options& options,
                               const std::function<std::uint64_t()>& completed,
                               const std::function<bool()>& is_over);

/// Of this process, all threads, user and kernel.
[[nodiscard]] double cpu_seconds();
[[nodiscard]] std::uint64_t peak_rss_bytes();

/// Looks each millisecond; false when it has not become true within a minute.
[[nodiscard]] bool wait_until(const std::function<bool()>& is_true);

}  // namespace bora::peers
