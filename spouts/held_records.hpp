#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "spouts/consumed_record.hpp"

namespace bora {

/// The records that a spout keeps until they are done, in numbered slots that are used again: no
/// allocation per record, and an index finds one at once.
///
/// Threads: single-owner.
class HeldRecords {
 public:
  using Slot = std::uint32_t;
  struct Held {
    ConsumedRecord consumed;  ///< Its record is null once it is left for replay.
    std::size_t bytes = 0;
    std::uint32_t failures = 0;  ///< Attempts that failed, outages not counted.
    std::uint32_t outages = 0;   ///< Attempts in a row that found a dependency down.
    bool is_used = false;
  };

  [[nodiscard]] Slot add(ConsumedRecord consumed) {
    if (free_.empty()) {
      free_.push_back(static_cast<Slot>(slots_.size()));
      slots_.emplace_back();
    }
    const Slot slot = free_.back();
    free_.pop_back();
    Held& held = slots_[slot];
    held.bytes = weight_of(*consumed.record);
    held.consumed = std::move(consumed);
    held.failures = 0;
    held.outages = 0;
    held.is_used = true;
    bytes_ += held.bytes;
    return slot;
  }
  /// Gives up the record but keeps the slot, which still stands for an offset that is not done.
  void drop_record(Slot slot) {
    Held& held = at(slot);
    held.consumed.record.reset();
    bytes_ -= std::exchange(held.bytes, 0);
  }
  void remove(Slot slot) {
    drop_record(slot);
    slots_[slot].is_used = false;
    free_.push_back(slot);
  }

  /// Hints that the slot, or what it holds, is removed soon. Requires: it is used.
  void prefetch(Slot slot) const noexcept { __builtin_prefetch(&slots_[slot], 1); }
  void prefetch_record(Slot slot) const noexcept {
    const Record* const record = slots_[slot].consumed.record.get();
    if (record == nullptr) return;
    // Two lines of cache with the count of owners, which lies before it.
    __builtin_prefetch(record, 1);
    __builtin_prefetch(&record->headers, 1);
  }

  [[nodiscard]] Held& at(Slot slot) {
    BORA_CHECK(slot < slots_.size() && slots_[slot].is_used, "no record is held in this slot");
    return slots_[slot];
  }
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size() - free_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<Held> slots_;
  std::vector<Slot> free_;
  std::size_t bytes_ = 0;
};

}  // namespace bora
