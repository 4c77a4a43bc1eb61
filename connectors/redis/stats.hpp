#pragma once

#include <atomic>
#include <cstdint>

namespace bora::redis {

/// What the clients of one process did. Threads: any; shared by all clients that it was given to.
struct RedisStats {
  std::atomic<std::uint64_t> batches{0};   ///< Sent and answered.
  std::atomic<std::uint64_t> commands{0};  ///< In them.
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> failures{0};             ///< Batches that failed, for whatever reason.
  std::atomic<std::uint64_t> waited_microseconds{0};  ///< For answers, all batches together.
};

}  // namespace bora::redis
