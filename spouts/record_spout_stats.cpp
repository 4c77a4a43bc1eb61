#include "spouts/record_spout_stats.hpp"

namespace bora {

std::vector<Gauge> RecordSpoutStats::gauges() const {
  const auto counter = [](std::string_view name, const OwnedCount& count) {
    return Gauge{name, Gauge::Kind::kCounter, static_cast<std::int64_t>(count.get())};
  };
  const auto level = [](std::string_view name, const OwnedCount& count) {
    return Gauge{name, Gauge::Kind::kLevel, static_cast<std::int64_t>(count.get())};
  };
  return {
      counter("retries", retries),
      counter("dead_letters", dead_letters),
      counter("dead_letter_failures", dead_letter_failures),
      counter("decode_failures", decode_failures),
      counter("skipped_records", skipped),
      counter("late_completions", late),
      counter("left_for_replay", left_for_replay),
      counter("source_pauses", pauses),
      counter("commits", commits),
      counter("commit_failures", commit_failures),
      counter("source_failures", source_failures),
      level("source_paused", is_paused),
      level("held_records", held),
      level("held_bytes", held_bytes),
      level("waiting_for_retry_records", waiting_for_retry),
      level("waiting_dead_letters", waiting_dead_letters),
      level("uncommitted_records", uncommitted),
      level("lag_records", lag),
  };
}

}  // namespace bora
