#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "services/coldchain/demo_cast.hpp"
#include "services/gateway/simulation.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::demo {

/// One record to send.
struct ScriptedRecord {
  /// Its `gateway_id` is the gateway that sends it, whatever it says of itself; `rejected` is set when
  /// it is broken.
  gateway::SimulatedRecord wire;
  coldchain::Report report;  ///< What it says, or, when it is broken, said before.
};

struct ScriptOptions {
  std::uint64_t duplicates = 0;  ///< Reports that are sent twice.
  std::uint64_t malformed = 0;   ///< Broken copies of reports, of ten kinds in turn.
  std::uint64_t seed = 1;        ///< Says which reports those are.
};

/// Everything that the cast reports, in the order of sending: by time, but those who are late newest
/// first, as a gateway may that was offline. Requires a cast with ids and secrets.
/// The same arguments give the same records.
[[nodiscard]] std::vector<ScriptedRecord> make_script(const Cast& cast,
                                                      const ScriptOptions& options);

/// A report of the device with right secrets, as if measured at `now`; `reading` is the number of the
/// reading that gives the values, counted round and round.
[[nodiscard]] ScriptedRecord make_fresh(const Cast& cast, const CastDevice& device,
                                        std::size_t reading, WallTime now);

}  // namespace bora::demo
