#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::coldchain {

/// Asks for the right to alert: for `device`, of `kind`, about what happened at `time`.
struct AlertClaim {
  DeviceId device{};
  AlertKind kind{};
  WallTime time{};  ///< Event time, never the moment of processing: a replay must claim the same.
  /// Who asks: the alert's id, so that every claim of one alert is one claim. Not empty, at most
  /// AlertLedger::kMaxIdBytes. Borrowed.
  std::string_view id;
};

enum class ClaimAnswer : std::uint8_t {
  kYours,  ///< Alert; also when this id was granted before, however often it asks.
  kTaken,  ///< Another alert of this device and kind is less than an hour away: say nothing.
};

/// One alert, by what its id is made of.
struct AlertName {
  DeviceId device{};
  AlertKind kind{};
  WallTime time{};
  bool operator==(const AlertName&) const = default;
};

enum class ToldAnswer : std::uint8_t { kNotTold, kTold };

/// At most one alert for each device and kind in an hour, over restarts and processes; and which alerts
/// somebody was told of.
///
///   std::vector<ClaimAnswer> answers;
///   if (Status s = ledger.claim(claims, answers); !s) return s;
///   for (std::size_t i = 0; i < claims.size(); ++i)
///     if (answers[i] == ClaimAnswer::kYours) alerts.emit(...);
///
/// A claim is granted when no other id holds one for the same device and kind at a time less than an
/// hour before or after it; what is granted stays granted. So whoever crashes between the claim and the
/// alert gets the same answer when the reading is brought again, and no alert is lost or doubled. The
/// order of claims counts, their distance in real time does not: a backlog worked off claims the hours
/// in which things happened.
///
/// Remembered are the claims of the last kKept before the newest of a device and kind, so at most
/// kKept / kApart of each; a claim that is older is refused. Of those told, the kToldKept newest of a
/// device and kind are remembered, by the times of the alerts.
///
/// Threads: single-owner; open one per task. Several of them, of several processes, may share a store.
/// Each call waits for the store once, not per claim.
/// Fails: kUnavailable when the store is away: make the same call again; what was granted already is
/// granted again. kInvalid for an id that is empty or too long; kCorrupt.
class AlertLedger {
 public:
  static constexpr std::chrono::milliseconds kApart = std::chrono::hours{1};
  static constexpr std::chrono::milliseconds kKept = std::chrono::hours{48};
  static constexpr std::size_t kMaxIdBytes = 200;
  static constexpr std::size_t kToldKept = 64;

  virtual ~AlertLedger() = default;

  /// Answers one for each claim, in their order; a later one of the batch sees the earlier. Those
  /// granted are durable when it returns success.
  virtual Status claim(std::span<const AlertClaim> claims, std::vector<ClaimAnswer>& answers) = 0;

  /// Whether mark_told() was called for each of `alerts`, in their order. One that is older than those
  /// that are remembered counts as not told: better twice than never.
  virtual Status find_told(std::span<const AlertName> alerts, std::vector<ToldAnswer>& answers) = 0;

  /// Somebody was told of `alerts`. Durable when it returns success; a repetition changes nothing.
  virtual Status mark_told(std::span<const AlertName> alerts) = 0;
};

}  // namespace bora::coldchain
