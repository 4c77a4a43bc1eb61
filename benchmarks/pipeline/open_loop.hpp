#pragma once

#include <cstdint>
#include <vector>

namespace bora::bench {

/// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] std::int64_t monotonic_ns() noexcept;

/// When tuples are due at a fixed rate: a burst every 100 us. The schedule never waits for the
/// system under test; if the source falls behind, the next bursts are due at once and their latency
/// counts from the time at which they should have been sent.
///
/// Threads: used by the source's thread alone; samples of lateness are read after it has ended.
class OpenLoop {
 public:
  static constexpr std::int64_t kIntervalNs = 100'000;

  /// `rate` tuples per second, rounded to whole bursts; `seconds` long, the first tenth of which is
  /// warm-up.
  OpenLoop(std::uint64_t rate, double seconds);

  [[nodiscard]] std::uint64_t burst() const noexcept { return burst_; }
  [[nodiscard]] std::uint64_t tuples() const noexcept { return burst_ * bursts_; }
  [[nodiscard]] std::uint64_t warm_up_tuples() const noexcept { return tuples() / 10; }

  /// Sets the start, on the source's thread, whose timer slack becomes 1 ns (the default adds 50 us
  /// to every sleep).
  void start();
  [[nodiscard]] bool is_over() const noexcept { return next_ == bursts_; }
  /// When the next burst is due, on the monotonic clock.
  [[nodiscard]] std::int64_t next_due_ns() const noexcept {
    return start_ns_ + static_cast<std::int64_t>(next_) * kIntervalNs;
  }
  /// Sleeps until then: for a source that owns its thread.
  void sleep_until_due() const noexcept;
  /// Begins the next burst: returns when it was due, and goes on to the one after it.
  std::int64_t begin_burst();

  /// How late each burst was started, in ns: what the source's own wake-up costs of the latency.
  [[nodiscard]] const std::vector<std::int64_t>& lateness_ns() const noexcept { return lateness_; }

 private:
  std::uint64_t burst_;
  std::uint64_t bursts_;
  std::uint64_t next_ = 0;
  std::int64_t start_ns_ = 0;
  std::vector<std::int64_t> lateness_;
};

/// Latencies of one run, one sample per tuple, kept whole so that the percentiles are exact.
///
/// Threads: single-owner, the sink's thread; read after it has ended.
class LatencySamples {
 public:
  /// Keeps what comes after the first `skip` of `expected` tuples.
  LatencySamples(std::uint64_t expected, std::uint64_t skip);

  /// A tuple that was due at `due_ns` is done now. One clock read.
  void record(std::int64_t due_ns) noexcept {
    if (seen_++ >= skip_) samples_.push_back(monotonic_ns() - due_ns);
  }
  [[nodiscard]] const std::vector<std::int64_t>& samples_ns() const noexcept { return samples_; }

 private:
  std::uint64_t skip_;
  std::uint64_t seen_ = 0;
  std::vector<std::int64_t> samples_;  // reserved, never grows
};

/// The value below which `share` (0..1) of the samples lie, in microseconds; 0 without samples.
[[nodiscard]] double percentile_us(std::vector<std::int64_t> samples_ns, double share);

}  // namespace bora::bench
