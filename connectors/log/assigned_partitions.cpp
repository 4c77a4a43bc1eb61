#include "connectors/log/assigned_partitions.hpp"

#include <algorithm>

namespace bora::log {

void AssignedPartitions::add(std::uint32_t partition, std::uint32_t epoch,
                             std::int64_t next_offset) {
  assigned_.push_back(std::make_unique<Assigned>(Assigned{
      partition, epoch, PartitionReader{store_, topic_.partition(partition), next_offset}}));
}

void AssignedPartitions::remove(std::uint32_t partition) {
  const auto is_it = [&](const auto& one) { return one->partition == partition; };
  const auto found = std::find_if(assigned_.begin(), assigned_.end(), is_it);
  if (found == assigned_.end()) return;
  skipped_of_removed_ += (*found)->reader.skipped();
  assigned_.erase(found);
}

Result<std::size_t> AssignedPartitions::poll(std::size_t max, std::vector<SourceRecord>& out) {
  Result<std::size_t> taken = read(max, out);
  if (!taken || *taken > 0) return taken;
  // Nothing there: ask to be woken, then look again, so that no append falls in between.
  waiter_.arm();
  taken = read(max, out);
  if (!taken || *taken > 0) waiter_.disarm();
  return taken;
}

/// Takes from the partitions in turn, each poll beginning with another one.
Result<std::size_t> AssignedPartitions::read(std::size_t max, std::vector<SourceRecord>& out) {
  std::size_t taken = 0;
  const std::size_t first = turn_++;
  for (std::size_t i = 0; i < assigned_.size() && taken < max; ++i) {
    Assigned& from = *assigned_[(first + i) % assigned_.size()];
    if (!from.reader.has_more()) continue;
    const Result<std::size_t> read = from.reader.read(max - taken, from.epoch, out);
    if (!read) {
      // What was taken already must not be lost; the error comes again with the next poll.
      if (taken > 0) break;
      return read;
    }
    taken += *read;
  }
  return taken;
}

std::uint64_t AssignedPartitions::lag() const {
  std::uint64_t lag = 0;
  for (const PartitionLag& partition : partition_lags())
    lag += partition.records;
  return lag;
}

std::vector<PartitionLag> AssignedPartitions::partition_lags() const {
  std::vector<PartitionLag> lags;
  for (const auto& from : assigned_)
    lags.push_back({from->partition,
                    static_cast<std::uint64_t>(std::max<std::int64_t>(
                        topic_.partition(from->partition).end() - from->reader.next_offset(), 0))});
  return lags;
}

std::uint64_t AssignedPartitions::skipped() const {
  std::uint64_t skipped = skipped_of_removed_;
  for (const auto& from : assigned_)
    skipped += from->reader.skipped();
  return skipped;
}

}  // namespace bora::log
