#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/internal/inline.hpp"
#include "bora/internal/tree_ref.hpp"
#include "bora/message_id.hpp"

namespace bora::internal {

class SpoutTraces;

/// The trees of one spout task: what is in flight, since when, how large. Single-owner: the spout's
/// thread. Slots are given out again only when their tree's count is back at rest, the one that is free
/// for longest first: so messages that are emitted in a row, and complete in a row, have neighbouring
/// slots, and are handed back and settled as one run.
struct RootTable {
  TreeRef base = 0;  // of slot 0
  std::uint32_t capacity = 0;
  // By slot; columns, as a run of slots is settled column by column.
  std::unique_ptr<MessageId[]> ids;
  std::unique_ptr<Instant[]> opened_at;
  std::unique_ptr<std::uint32_t[]> bytes;
  /// Ring of the free slots: positions [free_head, free_tail), which only grow.
  std::unique_ptr<std::uint32_t[]> free;
  std::uint32_t free_mask = 0;
  std::uint32_t free_head = 0;  // position of the next one to open
  std::uint32_t free_tail = 0;
  std::size_t bytes_in_flight = 0;
  std::uint32_t largest = 0;      // message so far: how many more fit under the cap on bytes
  Instant now{};                  // of the current batch
  std::uint32_t slot_count = 0;   // capacity, or more when messages are traced
  SpoutTraces* traces = nullptr;  // null: nothing is traced

  /// `all`: with the slots for traced messages, which take the places of others.
  void reset(TreeRef first, std::uint32_t max_in_flight, std::uint32_t all = 0) {
    base = first;
    capacity = max_in_flight;
    slot_count = all > capacity ? all : capacity;
    ids = std::make_unique<MessageId[]>(slot_count);
    opened_at = std::make_unique<Instant[]>(slot_count);
    bytes = std::make_unique<std::uint32_t[]>(slot_count);
    const std::uint32_t places = std::bit_ceil(capacity);
    free = std::make_unique<std::uint32_t[]>(places);
    free_mask = places - 1;
    free_head = 0;
    free_tail = capacity;
    std::iota(free.get(), free.get() + capacity, 0U);
  }
  [[nodiscard]] std::uint32_t free_count() const noexcept { return free_tail - free_head; }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return capacity - free_count(); }
  /// The free slot at a position of the ring.
  [[nodiscard]] std::uint32_t& free_at(std::uint32_t position) const noexcept {
    return free[position & free_mask];
  }
  BORA_ALWAYS_INLINE TreeRef open(const MessageId& id, std::size_t size) {
    BORA_CHECK(free_head != free_tail, "a spout emitted more tuples than next_batch() allowed");
    const std::uint32_t slot = free_at(free_head++);
    // Field by field: a copy of a whole struct just built waits for its own stores.
    ids[slot].offset = id.offset;
    ids[slot].partition = id.partition;
    ids[slot].epoch = id.epoch;
    opened_at[slot] = now;
    const auto its_bytes = static_cast<std::uint32_t>(size);
    bytes[slot] = its_bytes;
    bytes_in_flight += its_bytes;
    if (its_bytes > largest) largest = its_bytes;
    return base + slot;
  }
  /// `freed` is the slot itself, or the one whose place it took.
  void close(std::uint32_t slot, std::uint32_t freed) noexcept {
    bytes_in_flight -= bytes[slot];
    free_at(free_tail++) = freed;
  }
  /// Slots [first, first + count).
  void close_run(std::uint32_t first, std::uint32_t count) noexcept {
    bytes_in_flight -=
        std::accumulate(bytes.get() + first, bytes.get() + first + count, std::size_t{0});
    const std::uint32_t at = free_tail & free_mask;
    const std::uint32_t before_wrap = std::min(count, free_mask + 1 - at);
    std::iota(free.get() + at, free.get() + at + before_wrap, first);
    std::iota(free.get(), free.get() + count - before_wrap, first + before_wrap);
    free_tail += count;
  }
};

}  // namespace bora::internal
