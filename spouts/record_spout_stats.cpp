#include "spouts/record_spout_stats.hpp"

#include <utility>

namespace bora {

void RecordSpoutStats::set_lags(std::vector<PartitionLag> lags) {
  const std::lock_guard lock(lags_mutex_);
  lags_ = std::move(lags);
}

std::vector<PartitionLag> RecordSpoutStats::lags() const {
  const std::lock_guard lock(lags_mutex_);
  return lags_;
}

std::vector<Gauge> RecordSpoutStats::gauges() const {
  return {
      retries.as_counter("retries"),
      dead_letters.as_counter("dead_letters"),
      dead_letter_failures.as_counter("dead_letter_failures"),
      decode_failures.as_counter("decode_failures"),
      skipped.as_counter("skipped_records"),
      late.as_counter("late_completions"),
      left_for_replay.as_counter("left_for_replay"),
      pauses.as_counter("source_pauses"),
      commits.as_counter("commits"),
      commit_failures.as_counter("commit_failures"),
      aborts.as_counter("aborted_transactions"),
      source_failures.as_counter("source_failures"),
      is_paused.as_level("source_paused"),
      in_outage.as_level("in_outage"),
      held.as_level("held_records"),
      held_bytes.as_level("held_bytes"),
      waiting_for_retry.as_level("waiting_for_retry_records"),
      waiting_dead_letters.as_level("waiting_dead_letters"),
      uncommitted.as_level("uncommitted_records"),
      lag.as_level("lag_records"),
  };
}

}  // namespace bora
