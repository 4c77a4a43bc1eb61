#pragma once

#include <cstdint>
#include <string_view>

namespace bora::log {

/// Murmur2, 32 bits, with the seed of Kafka's Java client (org.apache.kafka.common.utils.Utils).
[[nodiscard]] std::int32_t murmur2(std::string_view bytes) noexcept;

/// The partition that Kafka's default partitioner gives a key. Requires: partitions > 0.
[[nodiscard]] std::uint32_t partition_of_key(std::string_view key,
                                             std::uint32_t partitions) noexcept;

}  // namespace bora::log
