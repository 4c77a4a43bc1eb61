#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "bora/gauge.hpp"

namespace bora {

/// A number that one thread writes and any thread reads.
class OwnedCount {
 public:
  // Relaxed, and no read-modify-write: one writer, and readers want a recent value of each by itself.
  void add(std::uint64_t n = 1) noexcept { set(get() + n); }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What a RecordSpout counts of its own. Threads: the spout's thread writes, any may read.
struct RecordSpoutStats {
  OwnedCount retries;               ///< Records emitted again.
  OwnedCount dead_letters;          ///< Written and acknowledged.
  OwnedCount dead_letter_failures;  ///< Writes that failed and were tried again.
  OwnedCount decode_failures;       ///< Records that the decoder refused.
  OwnedCount skipped;               ///< Polled, but known already or of an assignment that has ended.
  OwnedCount late;                  ///< Acks and fails for an assignment that has ended.
  OwnedCount left_for_replay;       ///< Let go of uncommitted while draining.
  OwnedCount pauses;                ///< Times that the source was paused.
  OwnedCount commits;               ///< Commit calls that succeeded.
  OwnedCount commit_failures;
  OwnedCount source_failures;       ///< Polls that failed.
  // Levels.
  OwnedCount is_paused;             ///< 1 while paused.
  OwnedCount held;                  ///< Records kept.
  OwnedCount held_bytes;
  OwnedCount waiting_for_retry;
  OwnedCount waiting_dead_letters;
  OwnedCount uncommitted;           ///< Offsets read but not committable yet.
  OwnedCount lag;                   ///< Records not done: unread ones, if the source knows, and uncommitted.

  [[nodiscard]] std::vector<Gauge> gauges() const;
};

}  // namespace bora
