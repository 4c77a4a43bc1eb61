#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bora::log {

struct PartitionStats {
  std::int64_t start_offset = 0;  ///< First record that is kept.
  std::int64_t end_offset = 0;  ///< Offset that the next record gets: end - start records are kept.
  std::uint64_t bytes = 0;      ///< Encoded size of what is kept.
};

struct TopicStats {
  std::string topic;
  std::vector<PartitionStats> partitions;  ///< Index is the partition.
};

/// A consumer group on one topic.
struct GroupStats {
  std::string group;
  std::string topic;
  std::uint32_t members = 0;               ///< Sources that are open now.
  std::vector<std::int64_t> next_offsets;  ///< Committed, by partition; the start if there is none.
  std::vector<std::uint64_t> lags;         ///< Records after the committed offset, by partition.
  std::uint64_t lag = 0;                   ///< Their sum.
};

/// A snapshot; each figure is exact at some moment during the call.
struct LogStats {
  std::vector<TopicStats> topics;
  std::vector<GroupStats> groups;
  std::uint64_t queued_bytes = 0;      ///< Added and not yet durable.
  std::uint64_t appended_records = 0;  ///< Since open.
  std::uint64_t written_groups = 0;    ///< Since open; with kSyncedEachGroup also the syncs.
  std::uint64_t failed_groups = 0;     ///< Writes that the disk refused.
};

}  // namespace bora::log
