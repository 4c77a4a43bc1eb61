#pragma once

#include <chrono>
#include <cstdint>
#include <semaphore>
#include <utility>

#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Brackets the work on a known number of records: from the first until the last.
///
/// Threads: begin() on one, done() on one, wait() on one; a record's way orders begin() before done().
class Meter {
 public:
  Meter(std::uint64_t expected, Stopwatch& watch) : expected_(expected), watch_(watch) {}

  /// Records are there; only the first call counts.
  void begin() noexcept {
    if (!std::exchange(has_begun_, true)) watch_.start();
  }
  /// So many more are done.
  void done(std::uint64_t records = 1) noexcept {
    done_ += records;
    if (done_ < expected_ || records == 0) return;
    watch_.stop();
    finished_.release();
  }
  /// False when they are not done in two minutes.
  [[nodiscard]] bool wait() { return finished_.try_acquire_for(std::chrono::seconds{120}); }
  [[nodiscard]] std::uint64_t expected() const noexcept { return expected_; }

 private:
  const std::uint64_t expected_;
  Stopwatch& watch_;
  bool has_begun_ = false;
  std::uint64_t done_ = 0;
  std::counting_semaphore<> finished_{0};
};

}  // namespace bora::bench
