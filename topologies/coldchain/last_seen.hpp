#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::coldchain {

/// That a device was heard: when it measured, and the partition of its topic that said so.
struct Sighting {
  DeviceId device{};
  WallTime time{};
  std::uint32_t partition = 0;  ///< At most kMaxPartition.
  bool operator==(const Sighting&) const = default;
};

/// Which life of a store this is. A store that lost what it held is born again, under another id: what
/// it says of the time before `at` is then worth nothing.
struct StoreBirth {
  std::string id;
  WallTime at{};
  bool operator==(const StoreBirth&) const = default;
};

/// When each device measured last, shared by the processes of a consumer group.
///
///   LastSeen::Known known;
///   if (Status s = last_seen.find(devices, clock.wall_now(), known); !s) return s;
///   ...                                                  // decide by what was known before
///   if (Status s = last_seen.record(sightings); !s) return s;
///
/// find() and record() are two calls, so that what follows from "what was known before" can be made
/// durable in between: a batch that is brought again after a crash in between decides the same.
///
/// Threads: single-owner; open one per task. Several of them, of several processes, may share a store.
/// Each call waits for the store, once per call and not per device.
/// Fails: kUnavailable when the store is away: the same call may be made again, and nothing or all or
/// some of it may have taken effect. kInvalid, kCorrupt: as they say; no retry helps.
class LastSeen {
 public:
  static constexpr std::uint32_t kMaxPartition = 1023;

  struct Known {
    StoreBirth birth;
    std::vector<std::optional<Sighting>> last;  ///< One for each device asked about, in that order.
  };

  virtual ~LastSeen() = default;

  /// What is known of `devices`, and of the store; `now` becomes the time of birth of one without any.
  virtual Status find(std::span<const DeviceId> devices, WallTime now, Known& known) = 0;

  /// Takes note of all of `heard`; of one device, the newest counts, so nothing ever moves back and a
  /// repetition changes nothing. Durable when it returns success.
  virtual Status record(std::span<const Sighting> heard) = 0;

  /// Those heard last in [from, to).
  struct Range {
    WallTime from{};
    WallTime to{};
  };
  /// Appends those in `range` to `found`, the oldest first. Devices that are heard meanwhile may be left
  /// out or not; all others are found once.
  virtual Status walk(const Range& range, std::vector<Sighting>& found) = 0;

  /// Devices known.
  virtual Result<std::uint64_t> count_devices() = 0;
};

}  // namespace bora::coldchain
