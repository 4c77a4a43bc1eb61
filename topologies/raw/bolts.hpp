#pragma once

#include <functional>
#include <span>
#include <vector>

#include "bora/batch_sink.hpp"
#include "bora/bolt.hpp"
#include "bora/tuple_fields.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/raw/archive_writer.hpp"

namespace bora::raw {

/// A record whose ids are known: what goes into the archive.
struct ArchiveRow {
  ConsumedRecord record;
  coldchain::MessageIdentity identity;
};

/// For taps.
inline void tuple_json(const ArchiveRow& in, std::string& out) {
  TupleFields(out)
      .add("device", in.identity.device_id)
      .add("gateway", in.identity.gateway_id)
      .add("time", to_millis(in.identity.time))
      .add("record", in.record);
}

/// Reads device, gateway and time out of a message, and refuses what is no message (Permanent, so that
/// it becomes a dead letter with the reason).
class ParseBolt final : public Bolt<ConsumedRecord, ArchiveRow> {
 public:
  explicit ParseBolt(coldchain::MessageKind kind) : kind_(kind) {}
  void execute(const ConsumedRecord& in) override;

 private:
  coldchain::MessageKind kind_;
};

/// Writes rows to the archive, one synced batch at a time, and acks them only then.
class ArchiveBolt final : public BatchSink<ArchiveRow> {
 public:
  /// `archive` is asked for when the bolt opens; what it gives outlives the topology.
  ArchiveBolt(std::function<ArchiveWriter&()> archive, BatchOptions<ArchiveRow> options)
      : BatchSink(std::move(options)), find_archive_(std::move(archive)) {}

 protected:
  Status on_open(Context&) override;
  Status write(std::span<const ArchiveRow> batch) override;

 private:
  std::function<ArchiveWriter&()> find_archive_;
  ArchiveWriter* archive_ = nullptr;
  std::vector<ArchiveEntry> entries_;  // of the batch being written; kept for its memory
};

}  // namespace bora::raw
