#pragma once

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "bora/status.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::alerts {

/// What this process wrote to the shared state in its life, some 100 bytes a device: written again when
/// the store turns out to have lost it. So a Redis that starts empty beside a running topology loses
/// nothing of what the topology heard; only both at once do.
/// Threads: thread-safe.
class StateMemory {
 public:
  /// Notices a store that was born again, by its `birth`, and gives it back what it lost.
  /// True: it was, and what the caller read from it before is old. Fails: as the store does; nothing
  /// is noticed then, and the next call tries again.
  Result<bool> restore(const coldchain::StoreBirth& birth, coldchain::SharedState& state);

  void note_heard(std::span<const coldchain::Sighting> heard);
  void note_silences(std::span<const coldchain::Silence> silences);
  /// Silences that ended before are not kept.
  void forget_ended(WallTime before);

 private:
  std::mutex mutex_;  // guards all below
  std::string birth_;
  std::unordered_map<coldchain::DeviceId, coldchain::Sighting> heard_;
  std::unordered_map<coldchain::DeviceId, coldchain::Silence> silences_;
};

}  // namespace bora::alerts
