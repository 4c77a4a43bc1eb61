#pragma once

#include <cstdint>
#include <iosfwd>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/raw/archive_set.hpp"

namespace bora::raw {

/// The number of entries and a newline.
Status write_count(const ArchiveSet& archive, std::ostream& out);

struct ScanRequest {
  coldchain::DeviceId device_id{};
  WallTime from = WallTime::min();  ///< Insertion times in [from, to).
  WallTime to = WallTime::max();
};

/// One line of JSON for each entry, oldest first:
///
///   {"device":101,"inserted":1466380805000,"partition":0,"offset":7,"message":{...}}
///
/// `message` is the message as it was received when it is JSON, else a string.
/// Returns the number of lines. Fails: kClosed when `out` does not take them, kCorrupt.
Result<std::uint64_t> write_scan(const ArchiveSet& archive, const ScanRequest& request,
                                 std::ostream& out);

}  // namespace bora::raw
