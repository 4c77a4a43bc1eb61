#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "bora/clock.hpp"
#include "bora/tuple_fields.hpp"
#include "topologies/coldchain/last_seen.hpp"
#include "topologies/coldchain/silent_set.hpp"

namespace bora::alerts {

/// When a device counts as silent, and when nobody may be called so.
struct Rules {
  /// A device without a reading for longer than this is silent.
  std::chrono::milliseconds silent_after = std::chrono::hours{1};
  /// After the state was lost, for how long nobody is announced as silent: every device has to have
  /// had the time to report. Not less than silent_after.
  std::chrono::milliseconds grace = std::chrono::hours{1};
  /// The same after a start, a change of partitions, an error of the source, or a clock that jumped:
  /// the time that gateways and brokers take to deliver what they kept.
  std::chrono::milliseconds settle = std::chrono::minutes{2};
  /// Nobody is announced as silent while the topology is further behind its topic than this.
  std::chrono::milliseconds max_lag = std::chrono::minutes{2};
  /// Time between two looks for silent devices.
  std::chrono::milliseconds look_every = std::chrono::seconds{15};
  /// How long it is known which reading ended a silence. Longer than any record waits to be replayed.
  std::chrono::milliseconds remember_ended = std::chrono::hours{24 * 7};
};

/// What the rules look at of a reading.
struct HeardReading {
  coldchain::DeviceId device{};
  WallTime time{};      ///< Measured.
  WallTime received{};  ///< Accepted by authentication.
  coldchain::ReadingPlace place;
};

/// For taps.
inline void tuple_json(const HeardReading& in, std::string& out) {
  TupleFields(out).add("device", in.device).add("time", to_millis(in.time));
}

/// The beginning of the silence that a reading ends; nothing when it ends none. All of it is event time,
/// so a replay says the same.
///
/// A silence that was announced ends with a newer reading that was received within silent_after of
/// being measured: what a gateway delivers late tells how the device was, not that it is back. One that
/// nobody announced (the topology did not run, or was behind) ends the same way when the reading comes
/// more than silent_after after the one before; unless that one is older than the store's birth, as
/// then others in between may have been lost.
[[nodiscard]] std::optional<WallTime> ended_silence(
    const Rules& rules, const HeardReading& reading, const std::optional<coldchain::Sighting>& last,
    const std::optional<coldchain::Silence>& silence, WallTime birth);

/// Whether a device, heard last at `last`, long enough ago, is yet to be announced as silent.
[[nodiscard]] bool is_unannounced(WallTime last, const std::optional<coldchain::Silence>& silence);

}  // namespace bora::alerts
