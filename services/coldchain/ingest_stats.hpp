#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/assembly.hpp"

namespace bora::ingest {

/// What the ingest counts. Threads: thread-safe; the counters are statistics, relaxed throughout.
class IngestStats {
 public:
  /// Of one request that was answered.
  void answered(int status) noexcept;
  /// Of one request whose reports are durable.
  void taken(std::uint64_t reports, std::uint64_t bytes, std::chrono::nanoseconds took) noexcept;

  /// Requests whose reports are on their way to the disk. Refuses the one that is too many.
  [[nodiscard]] bool try_enter(std::uint32_t most_waiting) noexcept;
  void leave() noexcept { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t waiting() const noexcept {
    return waiting_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] std::vector<host::Sample> samples() const;

 private:
  /// Statuses that an ingest answers; the last is for any other.
  static constexpr std::array kStatuses{202, 400, 413, 415, 429, 503, 0};
  /// Upper bounds of the durable-after histogram, in microseconds; one bucket more is for the rest.
  static constexpr std::array<std::int64_t, 12> kBounds{500,     1'000,   2'500,     5'000,
                                                        10'000,  25'000,  50'000,    100'000,
                                                        250'000, 500'000, 1'000'000, 2'500'000};
  using Count = std::atomic<std::uint64_t>;

  std::array<Count, kStatuses.size()> by_status_{};
  std::array<Count, kBounds.size() + 1> by_time_{};
  Count reports_{0};
  Count bytes_{0};
  Count nanos_{0};
  std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace bora::ingest
