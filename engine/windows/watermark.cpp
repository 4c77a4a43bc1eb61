#include "bora/watermark.hpp"

#include <algorithm>

namespace bora {

bool Watermark::observe(std::uint32_t partition, WallTime time, Instant now, WallTime wall) {
  if (time > wall + options_.max_ahead || time < kEarliest) return false;
  if (partitions_.empty()) {
    first_seen_ = now;
  } else if (now >= recompute_at_) {
    recompute(
        now);  // the silence before this input counts, whether or not advance() was called in it
  }
  auto [it, is_new] = partitions_.try_emplace(partition);
  Partition& p = it->second;
  const bool was_idle = is_new || is_idle(p, now);
  const bool was_slowest = p.newest == least_;
  const bool is_newer = time > p.newest;
  p.seen_at = now;
  last_seen_ = now;
  if (is_newer) p.newest = time;
  newest_ = std::max(newest_, time);
  // Most inputs of most partitions change nothing: only the slowest partition holds the rest back.
  if (was_idle || (was_slowest && is_newer)) recompute(now);
  return true;
}

void Watermark::advance(Instant now) {
  if (!partitions_.empty()) recompute(now);
}

bool Watermark::is_waiting(Instant now) const {
  return partitions_.size() < options_.partitions && now - first_seen_ < options_.idle_after;
}

void Watermark::recompute(Instant now) {
  bool any_active = false;
  for (const auto& [id, partition] : partitions_) {
    if (is_idle(partition, now)) continue;
    const Instant idle_at = partition.seen_at + options_.idle_after;
    least_ = any_active ? std::min(least_, partition.newest) : partition.newest;
    recompute_at_ = any_active ? std::min(recompute_at_, idle_at) : idle_at;
    any_active = true;
  }
  WallTime reached = least_;
  if (!any_active) {
    reached = newest_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - last_seen_);
    least_ = kUnknown;
    recompute_at_ = now;
  }
  if (is_waiting(now)) {
    recompute_at_ = std::min(recompute_at_, first_seen_ + options_.idle_after);
    return;
  }
  current_ = std::max(current_, reached - options_.max_out_of_order);
}

std::optional<Instant> Watermark::next_change(WallTime target, Instant now) const {
  if (partitions_.empty()) return std::nullopt;
  std::optional<Instant> next;
  const auto consider = [&](Instant when) {
    if (when > now && (!next || when < *next)) next = when;
  };
  for (const auto& [id, partition] : partitions_)
    consider(partition.seen_at + options_.idle_after);
  if (partitions_.size() < options_.partitions) consider(first_seen_ + options_.idle_after);
  if (next) return next;
  // Every partition is idle: what is missing passes at the pace of the clock.
  return std::max(now, last_seen_ + (target + options_.max_out_of_order - newest_));
}

}  // namespace bora
