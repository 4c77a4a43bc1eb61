#pragma once
// Private: includes librdkafka.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/kafka/client.hpp"
#include "connectors/kafka/kafka_source.hpp"

namespace bora::kafka {

/// Where reading a partition begins.
struct Start {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;  ///< The first to be read.
  std::int64_t end = 0;     ///< Of the partition, when it was asked for.
  /// What the group may have missed because retention was faster.
  std::uint64_t skipped = 0;
  /// The start was chosen, not committed before. It must be committed before anything is read: a crash
  /// before the first commit would choose again, later, and skip what came between.
  bool is_first_run = false;
};

/// The first and the one past the last offset of a partition.
struct Bounds {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// Chooses, without asking anybody. `committed` is negative when there is none; `timed` is the answer
/// for StartAt::time, negative when there is no record so late.
/// Fails: kNotFound for kCommitted without a commit.
[[nodiscard]] Result<Start> choose_start(std::uint32_t partition, const StartAt& start,
                                         std::int64_t committed, Bounds bounds, std::int64_t timed);

/// The bounds of each partition, in its order. Waits for the brokers, at most until `deadline` passed.
[[nodiscard]] Result<std::vector<Bounds>> query_bounds(const Client& client,
                                                       const std::string& topic,
                                                       const std::vector<std::uint32_t>& partitions,
                                                       std::chrono::milliseconds timeout);

/// Where `partitions` begin for the client's group. At most four questions to the brokers, however many
/// partitions there are; each waits at most `timeout`.
[[nodiscard]] Result<std::vector<Start>> query_starts(const Client& client,
                                                      const KafkaSourceOptions& options,
                                                      const std::vector<std::uint32_t>& partitions);

}  // namespace bora::kafka
