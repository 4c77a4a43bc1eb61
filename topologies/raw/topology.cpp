#include "topologies/raw/topology.hpp"

#include <utility>

#include "spouts/record_spout.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/raw/bolts.hpp"

namespace bora::raw {

Result<Topology> make_topology(const RawOptions& options, RawWorld world) {
  const std::string& messages = options.messages == "auto" ? options.topic : options.messages;
  if (messages != "readings" && messages != "reports")
    return Error{ErrorKind::kInvalid,
                 "the name of topic '" + options.topic +
                     "' does not tell what is in it: set raw.messages to readings or reports"};
  const auto kind =
      messages == "reports" ? coldchain::MessageKind::kReport : coldchain::MessageKind::kReading;
  BatchOptions<ArchiveRow> batch;
  batch.max_items = options.batch_records;
  batch.size_of = [](const ArchiveRow& row) { return row.record->value.size(); };

  TopologyBuilder topology{"raw"};
  auto records =
      topology.spout("records",
                     [connections = world.connections, spout = options.spout] {
                       return RecordSpout<ConsumedRecord>{connections, spout};
                     },
                     {.max_in_flight = options.max_in_flight, .source_key = "device_id"});
  // On the spout's thread: a hop would cost more than the parsing.
  auto parse = topology.bolt("parse", [kind] { return ParseBolt{kind}; }).local(records);
  topology
      .bolt("archive",
            [archive = world.archive, batch] {
              return ArchiveBolt{archive, batch};
            },
            {.tasks = options.archive_tasks})
      .fields(
          parse, [](const ArchiveRow& row) { return row.identity.device_id; }, "device_id");
  return topology.build();
}

}  // namespace bora::raw
