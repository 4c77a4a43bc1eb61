#pragma once

#include "bora/clock.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

namespace bora::coldchain {

/// For bolts: throws Permanent with the reason, which makes a dead letter of the record.
[[noreturn]] void refuse(const Rejection& rejection);

/// For bolts: refuses what is no message, and what was measured too long after `received`.
template <class Message>
void require_accepted(const Parsed<Message>& parsed, WallTime received) {
  if (!parsed) refuse(parsed.rejection());
  if (const auto skewed = check_clock_skew(parsed->time, received)) refuse(*skewed);
}

/// A reading says itself when it was received.
inline void require_accepted(const Parsed<Reading>& parsed) {
  if (!parsed) refuse(parsed.rejection());
  require_accepted(parsed, parsed->received);
}

}  // namespace bora::coldchain
