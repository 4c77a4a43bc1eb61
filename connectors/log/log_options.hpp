#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace bora::log {

/// What an append waits for.
enum class Durability : std::uint8_t {
  kSyncedEachGroup,  ///< On the disk: survives power loss. One sync per group of waiting appends.
  kUnsynced,         ///< Handed to the operating system: survives kill -9, not power loss.
};

struct LogOptions {
  std::filesystem::path path;  ///< Directory of the database; created when missing.

  Durability durability = Durability::kSyncedEachGroup;

  /// Partitions of a topic that is made without saying how many.
  std::uint32_t default_partitions = 4;

  /// Bound of what is added and not yet durable, in bytes; beyond it appends are refused. Larger
  /// rides out longer syncs, smaller pushes back earlier. One record or call always fits when
  /// nothing else is queued.
  std::size_t max_queued_bytes = 16u << 20;

  /// Largest record, all its parts together, in bytes.
  std::size_t max_record_bytes = 1u << 20;

  /// Newest bytes of each partition that stay in memory, so that a reader at the end of the topic
  /// does not read back what was just written. 0 keeps none.
  std::size_t tail_bytes_per_partition = 2u << 20;

  /// Writes held in memory by the database before they become a file.
  std::size_t write_buffer_bytes = 32u << 20;
};

/// What a topic forgets.
enum class Cleanup : std::uint8_t {
  kRetention,  ///< What is too old or too much, by the two bounds.
  kCompact,    ///< What is not the newest record of its key. Every record needs a key.
};

/// Properties of one topic. Retention holds per partition; a record leaves when either bound says so,
/// whether it was consumed or not.
struct TopicOptions {
  std::optional<std::uint32_t> partitions =
      std::nullopt;  ///< Absent: LogOptions::default_partitions.
  /// Measured from the time of the append, not the record's timestamp, which a device may set wrong.
  std::optional<std::chrono::milliseconds> retention_age = std::nullopt;
  std::optional<std::uint64_t> retention_bytes =
      std::nullopt;  ///< Encoded size, before compression.
  /// kCompact takes no bounds of retention.
  Cleanup cleanup = Cleanup::kRetention;
  /// kCompact: how long a tombstone stays after it was appended. A reader that falls further behind
  /// than that may miss that a key was deleted.
  std::chrono::milliseconds tombstone_delay = std::chrono::hours{24};
};

}  // namespace bora::log
