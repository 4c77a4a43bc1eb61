#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "bora/internal/block.hpp"
#include "engine/queue/spsc_ring.hpp"

namespace bora::internal {

class Executor;

/// The rings and the bookkeeping of a lane.
struct LaneQueues {
  LaneQueues(std::uint32_t max_blocks, std::uint32_t tuples, std::size_t tuple_size)
      : full(max_blocks),
        empty(max_blocks + 1),
        limit(max_blocks),
        block_tuples(tuples),
        item_size(tuple_size) {}

  SpscRing<Block*> full;   // producer -> consumer
  SpscRing<Block*> empty;  // consumer -> producer
  const std::uint32_t limit;
  const std::uint32_t block_tuples;
  const std::size_t item_size;

  // producer's
  std::vector<Block*> spare;
  std::deque<Block*> overflow;
  std::uint32_t on_their_way = 0;  // pushed and not yet back
  std::uint64_t handed_over = 0;   // tuples
  Executor* consumer = nullptr;
  bool unsignalled = false;  // the consumer naps and was not told of the last blocks
  bool to_itself = false;    // producer and consumer share a thread: never blocks

  /// Set by a producer that sleeps until half of the lane is free; cleared by itself. seq_cst on both
  /// sides, as in Parker.
  std::atomic<bool> producer_waits{false};

  // consumer's
  Executor* producer = nullptr;
};

}  // namespace bora::internal
