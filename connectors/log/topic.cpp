#include "connectors/log/topic.hpp"

#include <algorithm>
#include <utility>

#include "bora/check.hpp"
#include "connectors/log/partitioner.hpp"

namespace bora::log {

Partition::Partition(Topic& topic, std::uint32_t index, const PartitionBounds& bounds,
                     std::size_t tail_bytes)
    : topic_(topic),
      index_(index),
      tail_limit_(tail_bytes),
      start_(bounds.start),
      end_(bounds.end),
      bounds_(bounds) {}

PartitionBounds Partition::bounds() const {
  const std::lock_guard lock{mutex_};
  return bounds_;
}

ChunkPtr Partition::in_tail(std::int64_t offset) const {
  const std::lock_guard lock{mutex_};
  if (tail_.empty() || offset < tail_.front()->base) return nullptr;
  const auto found = std::upper_bound(
      tail_.begin(), tail_.end(), offset,
      [](std::int64_t wanted, const ChunkPtr& chunk) { return wanted < chunk->end(); });
  return found == tail_.end() ? nullptr : *found;
}

void Partition::publish(ChunkPtr chunk, std::uint64_t end_position, std::int64_t append_ms) {
  const std::lock_guard lock{mutex_};
  BORA_CHECK(chunk->base == bounds_.end, "chunk does not begin where its partition ends");
  bounds_.end = chunk->end();
  bounds_.end_position = end_position;
  bounds_.last_append_ms = append_ms;
  tail_bytes_ += chunk->bytes.size();
  tail_.push_back(std::move(chunk));
  while (!tail_.empty() && tail_bytes_ > tail_limit_) {
    tail_bytes_ -= tail_.front()->bytes.size();
    tail_.pop_front();
  }
  end_.store(bounds_.end);
}

bool Partition::recover_end(const PartitionBounds& stored) {
  const std::lock_guard lock{mutex_};
  if (stored.end < bounds_.end) return false;
  if (stored.end == bounds_.end) return true;
  bounds_.end = stored.end;
  bounds_.end_position = stored.end_position;
  bounds_.last_append_ms = stored.last_append_ms;
  tail_.clear();  // it has no gaps, and those records are not in memory
  tail_bytes_ = 0;
  end_.store(bounds_.end);
  return true;
}

void Partition::move_start(std::int64_t start, std::uint64_t start_position) {
  const std::lock_guard lock{mutex_};
  BORA_CHECK(start <= bounds_.end, "partition starts after its end");
  bounds_.start = start;
  bounds_.start_position = start_position;
  start_.store(start);
}

Topic::Topic(std::uint32_t id, std::string name, TopicOptions options,
             const std::vector<PartitionBounds>& bounds, std::size_t tail_bytes)
    : id_(id), name_(std::move(name)), options_(options), cleanup_(options.cleanup) {
  BORA_CHECK(!bounds.empty(), "topic without partitions");
  partitions_.reserve(bounds.size());
  for (std::uint32_t index = 0; index < bounds.size(); ++index)
    partitions_.push_back(std::make_unique<Partition>(*this, index, bounds[index], tail_bytes));
}

Partition& Topic::partition(std::uint32_t index) const {
  BORA_CHECK(index < partitions_.size(), "no such partition");
  return *partitions_[index];
}

Partition& Topic::partition_of(std::string_view key) const {
  return *partitions_[partition_of_key(key, partitions())];
}

Partition& Topic::next_partition() {
  // Relaxed: only the number matters, it orders nothing.
  return *partitions_[turn_.fetch_add(1, std::memory_order_relaxed) % partitions_.size()];
}

TopicOptions Topic::options() const {
  const std::lock_guard lock{mutex_};
  return options_;
}

void Topic::set_options(const TopicOptions& options) {
  const std::lock_guard lock{mutex_};
  options_ = options;
  cleanup_.store(options.cleanup);
}

void Topic::add_waiter(Waiter& waiter) {
  const std::lock_guard lock{waiters_mutex_};
  waiters_.push_back(&waiter);
}

void Topic::remove_waiter(Waiter& waiter) {
  const std::lock_guard lock{waiters_mutex_};
  waiters_.erase(std::remove(waiters_.begin(), waiters_.end(), &waiter), waiters_.end());
}

void Topic::wake_waiters() {
  const std::lock_guard lock{waiters_mutex_};
  for (Waiter* waiter : waiters_)
    waiter->wake_if_armed();
}

}  // namespace bora::log
