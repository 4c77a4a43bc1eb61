#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::coldchain {

/// Names the record that ended a silence, so that it is known again when it is brought again.
struct ReadingPlace {
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
  bool operator==(const ReadingPlace&) const = default;
};

/// The newest silence of a device, and the reading that ended it.
struct Silence {
  DeviceId device{};
  WallTime since{};  ///< Its last reading before.
  std::optional<ReadingPlace> ended_by = {};
  bool operator==(const Silence&) const = default;
};

/// A reading that would end the silence since `since`.
struct SilenceEnd {
  DeviceId device{};
  WallTime since{};
  ReadingPlace by;
};

enum class EndAnswer : std::uint8_t {
  kYours,  ///< This reading ended it, now or when it was brought before: say "back".
  kTaken,  ///< Another reading ended it, or a newer silence has begun.
};

/// Which devices were announced as silent, and which readings ended that: one silence for each device,
/// shared by the processes of a consumer group.
///
/// Threads: single-owner; open one per task. Several of them, of several processes, may share a store.
/// Each call waits for the store once, not per device.
/// Fails: kUnavailable when the store is away: make the same call again. kInvalid, kCorrupt: no retry
/// helps.
class SilentSet {
 public:
  virtual ~SilentSet() = default;

  /// The newest silence of each of `devices`, in that order; nothing for one that never was silent.
  virtual Status find(std::span<const DeviceId> devices,
                      std::vector<std::optional<Silence>>& found) = 0;

  /// Begins silences, all at once. One that is known already, ended or not, and one that is older than
  /// what is known, changes nothing. Durable when it returns success.
  virtual Status begin(std::span<const Silence> silences) = 0;

  /// Ends silences, and answers one for each, in their order. One that never began (nobody noticed it)
  /// begins and ends at once. Durable when it returns success.
  virtual Status end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers) = 0;

  /// Forgets ended silences that began before `before`: a reading that ended one of them and is brought
  /// again finds nothing.
  virtual Status forget_ended(WallTime before) = 0;

  struct Counts {
    std::uint64_t silent = 0;  ///< Begun and not ended.
    std::uint64_t ended = 0;   ///< Ended and not forgotten.
  };
  virtual Result<Counts> count_silences() = 0;
};

}  // namespace bora::coldchain
