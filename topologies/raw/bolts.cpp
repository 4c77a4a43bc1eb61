#include "topologies/raw/bolts.hpp"

#include <string>

#include "topologies/coldchain/require_accepted.hpp"

namespace bora::raw {

void ParseBolt::execute(const ConsumedRecord& in) {
  const auto parsed = coldchain::parse_identity(kind_, in->value);
  // The record's own time stands for the time of receipt, so that a replay decides the same.
  coldchain::require_accepted(parsed, in->timestamp);
  out.emit(ArchiveRow{in, *parsed});
}

Status ArchiveBolt::on_open(Context&) {
  archive_ = &find_archive_();
  return {};
}

Status ArchiveBolt::write(std::span<const ArchiveRow> batch) {
  entries_.clear();
  for (const ArchiveRow& row : batch) {
    entries_.push_back({.device_id = row.identity.device_id,
                        .inserted = row.record->timestamp,
                        .measured = row.identity.time,
                        .partition = row.record.position.partition,
                        .offset = row.record.position.offset,
                        .message = row.record->value});
  }
  const Status written = archive_->put(entries_);
  if (written) return written;
  // Whatever it is (a full disk, damage), it is the archive's fault and no message's: messages wait
  // for it to be mended, and none becomes a dead letter.
  return {ErrorKind::kUnavailable, std::string(written.message())};
}

}  // namespace bora::raw
