#pragma once

#include <mutex>
#include <vector>

#include "bora/gauge.hpp"
#include "bora/partition_lag.hpp"

namespace bora {

/// What a RecordSpout counts of its own. Threads: the spout's thread writes, any may read.
struct RecordSpoutStats {
  OwnedCount retries;               ///< Records emitted again.
  OwnedCount dead_letters;          ///< Written and acknowledged.
  OwnedCount dead_letter_failures;  ///< Writes that failed and were tried again.
  OwnedCount decode_failures;       ///< Records that the decoder refused.
  OwnedCount skipped;          ///< Polled, but known already or of an assignment that has ended.
  OwnedCount late;             ///< Acks and fails for an assignment that has ended.
  OwnedCount left_for_replay;  ///< Let go of uncommitted while draining.
  OwnedCount pauses;           ///< Times that the source was paused.
  OwnedCount commits;          ///< Commit calls that succeeded.
  OwnedCount commit_failures;
  OwnedCount aborts;           ///< Transactions whose batch was done again.
  OwnedCount source_failures;  ///< Polls that failed.
  // Levels.
  OwnedCount is_paused;  ///< 1 while paused.
  /// 1 from the first failure as Unavailable until what failed so is through: also while it is tried.
  OwnedCount in_outage;
  OwnedCount held;  ///< Records kept.
  OwnedCount held_bytes;
  OwnedCount waiting_for_retry;
  OwnedCount waiting_dead_letters;
  OwnedCount uncommitted;  ///< Offsets read but not committable yet.
  OwnedCount lag;          ///< Records not done: unread ones, if the source knows, and uncommitted.

  /// `lag` by partition, where the source knows. Takes a lock: set once per tick.
  void set_lags(std::vector<PartitionLag> lags);
  [[nodiscard]] std::vector<PartitionLag> lags() const;

  [[nodiscard]] std::vector<Gauge> gauges() const;

 private:
  mutable std::mutex lags_mutex_;
  std::vector<PartitionLag> lags_;  // guarded by lags_mutex_
};

}  // namespace bora
