#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bora/record.hpp"
#include "bora/tuple_fields.hpp"

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

/// Where it was read, and how large it is: what is in it is shown by the tap of its topic.
inline void tuple_json(const ConsumedRecord& in, std::string& out) {
  TupleFields fields(out);
  fields.add("partition", in.position.partition).add("offset", in.position.offset);
  if (in.record == nullptr) return;
  if (in->key) fields.add("key", *in->key);
  fields.add("value_bytes", in->value.size());
}

/// What a record weighs in memory, for the caps on bytes: its texts and the objects around them.
[[nodiscard]] inline std::size_t weight_of(const Record& record) noexcept {
  std::size_t bytes = sizeof(Record) + record.value.size() + (record.key ? record.key->size() : 0);
  for (const RecordHeader& header : record.headers) {
    bytes += sizeof(RecordHeader) + header.key.size() + header.value.size();
  }
  return bytes;
}

}  // namespace bora
