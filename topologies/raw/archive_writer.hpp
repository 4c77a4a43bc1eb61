#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::raw {

/// One archived message: its bytes exactly as received, and where and when. A record's key is not
/// kept, since it is the device id as text, and neither are its headers.
struct ArchiveEntry {
  coldchain::DeviceId device_id{};
  /// The timestamp of the record in its topic. Never the moment of processing: the same record
  /// processed again must make the same entry.
  WallTime inserted{};
  WallTime measured{};  ///< `reading.time` of the message.
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view message;  ///< Borrowed.
};

/// What the topology needs of an archive: Archive, or what a test puts in its place.
/// Threads: thread-safe.
class ArchiveWriter {
 public:
  virtual ~ArchiveWriter() = default;
  /// Writes all entries in one atomic, durable write. An entry put twice is one entry. May wait.
  /// Fails: none is archived then, as far as is known, and the same call may be made again; at once
  /// or, after kUnavailable, when what is missing is back.
  virtual Status put(std::span<const ArchiveEntry> entries) = 0;
};

}  // namespace bora::raw
