#pragma once
// Private to this folder: what every implementation of the ports refuses, with the same words.

#include <string>

#include "bora/status.hpp"
#include "topologies/coldchain/alert_ledger.hpp"
#include "topologies/coldchain/last_seen.hpp"

namespace bora::coldchain {

/// Times that every store can order: from 1970 to the year 2248.
inline constexpr std::int64_t kMaxMillis = (std::int64_t{1} << 43) - 1;

[[nodiscard]] inline bool is_storable(WallTime time) noexcept {
  return to_millis(time) >= 0 && to_millis(time) <= kMaxMillis;
}

inline Status check_sighting(const Sighting& each) {
  if (is_storable(each.time) && each.partition <= LastSeen::kMaxPartition) return {};
  return {ErrorKind::kInvalid,
          "cannot note when device " + record_key(each.device) + " was heard: " +
              (is_storable(each.time)
                   ? "partition " + std::to_string(each.partition) + " is above " +
                         std::to_string(LastSeen::kMaxPartition) + "; use fewer partitions"
                   : "the time is not between the years 1970 and 2248")};
}

inline Status check_claim(const AlertClaim& each) {
  const bool has_id = !each.id.empty() && each.id.size() <= AlertLedger::kMaxIdBytes;
  if (has_id && is_storable(each.time)) return {};
  return {ErrorKind::kInvalid,
          "cannot claim an alert of device " + record_key(each.device) + ": " +
              (has_id ? "the time is not between the years 1970 and 2248"
                      : "the id is empty or has more than " +
                            std::to_string(AlertLedger::kMaxIdBytes) + " bytes")};
}

inline Status check_name(const AlertName& each) {
  if (is_storable(each.time)) return {};
  return {ErrorKind::kInvalid, "cannot note that an alert of device " + record_key(each.device) +
                                   " was told: the time is not between the years 1970 and 2248"};
}

inline Status check_silence(DeviceId device, WallTime since) {
  if (is_storable(since)) return {};
  return {ErrorKind::kInvalid, "cannot note a silence of device " + record_key(device) +
                                   ": the time is not between the years 1970 and 2248"};
}

}  // namespace bora::coldchain
