#pragma once

#include <cstddef>
#include <memory>

#include "bora/record.hpp"

namespace bora {

/// A record as it was read, with its position: the tuple of topologies that want records whole.
///
/// The record is immutable and shared, never copied: by the spout, which keeps it to be able to emit
/// it again, and by every copy of the tuple, so a bolt that is late (its message expired meanwhile)
/// or keeps the tuple still has it.
struct ConsumedRecord {
  RecordPosition position;
  std::shared_ptr<const Record> record;

  [[nodiscard]] const Record& operator*() const noexcept { return *record; }
  [[nodiscard]] const Record* operator->() const noexcept { return record.get(); }
};

/// What a record weighs in memory, for the caps on bytes: its texts and the objects around them.
[[nodiscard]] inline std::size_t weight_of(const Record& record) noexcept {
  std::size_t bytes = sizeof(Record) + record.value.size() + (record.key ? record.key->size() : 0);
  for (const RecordHeader& header : record.headers) {
    bytes += sizeof(RecordHeader) + header.key.size() + header.value.size();
  }
  return bytes;
}

}  // namespace bora
