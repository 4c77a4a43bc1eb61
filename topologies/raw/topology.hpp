#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout_driver.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/raw/archive_writer.hpp"

namespace bora::raw {

struct RawOptions {
  std::string topic = "readings";
  /// `readings` or `reports`: how the messages of the topic are read. `auto`: as its name says.
  std::string messages = "auto";
  std::string group = "raw";        ///< Consumer group.
  std::uint32_t archive_tasks = 1;  ///< Threads that write; the archive takes one batch at a time.
  std::uint32_t max_in_flight = 8192;
  std::size_t batch_records = 2048;  ///< Entries written with one sync, at most.
  RecordSpoutOptions spout = {};
};

/// What the topology works on. Called when components open, not before.
struct RawWorld {
  RecordConnections connections;
  std::function<ArchiveWriter&()> archive;
};

/// records -> parse -> archive: keeps every message exactly as received; a malformed one goes to the
/// dead letters with the reason.
[[nodiscard]] Result<Topology> make_topology(const RawOptions& options, RawWorld world);

}  // namespace bora::raw
