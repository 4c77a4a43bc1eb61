#pragma once

#include "topologies/coldchain/alert_ledger.hpp"
#include "topologies/coldchain/last_seen.hpp"
#include "topologies/coldchain/silent_set.hpp"

namespace bora::coldchain {

/// One task's way to the state that topologies share, wherever it is: embedded or in Redis.
/// Threads: single-owner, with all that it hands out. Lifetime: dies before what it was opened from.
class SharedState {
 public:
  virtual ~SharedState() = default;
  [[nodiscard]] virtual LastSeen& last_seen() noexcept = 0;
  [[nodiscard]] virtual AlertLedger& alert_ledger() noexcept = 0;
  [[nodiscard]] virtual SilentSet& silent_set() noexcept = 0;
};

}  // namespace bora::coldchain
