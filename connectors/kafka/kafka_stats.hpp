#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"

namespace bora::kafka {

/// One broker, as a client of ours sees it.
struct BrokerStats {
  std::string name;  ///< host:port/id
  enum class State : std::uint8_t { kDown, kUp };
  State state = State::kDown;
  std::chrono::microseconds round_trip_p50{};
  std::chrono::microseconds round_trip_p99{};
  std::uint64_t requests_waiting = 0;
  std::uint64_t send_errors = 0;
  std::uint64_t receive_errors = 0;
  std::uint64_t connects = 0;
};

/// One partition that a consumer fetches.
struct PartitionStats {
  std::string topic;
  std::uint32_t partition = 0;
  std::uint64_t prefetched_records = 0;
  std::optional<std::uint64_t> lag;  ///< To what is committed. Nothing when not known yet.
  std::int64_t committed = -1;       ///< -1 when not known.
  std::int64_t end = -1;             ///< The last stable offset; -1 when not known.
};

/// What a librdkafka client says of itself from time to time (statistics.interval.ms, default 5 s).
struct KafkaStats {
  std::chrono::microseconds uptime{};
  std::uint64_t queued_records = 0;  ///< Of a producer: not acknowledged yet.
  std::uint64_t queued_bytes = 0;
  std::uint64_t sent_records = 0;
  std::uint64_t received_records = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t rebalances = 0;
  std::chrono::milliseconds since_rebalance{};
  std::string group_state;  ///< "up", "wait-coord", ...; empty without a group.
  std::string join_state;   ///< "steady", "wait-join", ...
  std::vector<BrokerStats> brokers;
  std::vector<PartitionStats> partitions;  ///< Only those that are being fetched.
};

/// Reads librdkafka's statistics. Fails: kCorrupt when it is not that.
[[nodiscard]] Result<KafkaStats> parse_stats(std::string_view json);

}  // namespace bora::kafka
