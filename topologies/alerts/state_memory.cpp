#include "topologies/alerts/state_memory.hpp"

#include <algorithm>
#include <vector>

namespace bora::alerts {

using coldchain::Sighting;
using coldchain::Silence;

namespace {

constexpr std::size_t kAtOnce = 1'000;

/// Calls `write` with the values of `map`, some at a time.
template <class T, class Write>
Status write_all(const std::unordered_map<coldchain::DeviceId, T>& map, Write write) {
  std::vector<T> some;
  for (const auto& [device, each] : map) {
    some.push_back(each);
    if (some.size() < kAtOnce) continue;
    if (Status written = write(some); !written) return written;
    some.clear();
  }
  return some.empty() ? Status{} : write(some);
}

}  // namespace

Result<bool> StateMemory::restore(const coldchain::StoreBirth& birth,
                                  coldchain::SharedState& state) {
  const std::lock_guard lock{mutex_};
  if (birth.id == birth_) return false;
  const bool is_first = birth_.empty();
  if (!is_first) {
    if (Status written =
            write_all(heard_, [&](const auto& some) { return state.last_seen().record(some); });
        !written)
      return written;
    if (Status written =
            write_all(silences_, [&](const auto& some) { return state.silent_set().begin(some); });
        !written)
      return written;
  }
  birth_ = birth.id;
  return !is_first;
}

void StateMemory::note_heard(std::span<const Sighting> heard) {
  const std::lock_guard lock{mutex_};
  for (const Sighting& each : heard) {
    Sighting& kept = heard_.try_emplace(each.device, each).first->second;
    if (each.time > kept.time) kept = each;
  }
}

void StateMemory::note_silences(std::span<const Silence> silences) {
  const std::lock_guard lock{mutex_};
  for (const Silence& each : silences) {
    Silence& kept = silences_.try_emplace(each.device, each).first->second;
    const bool ends = each.since == kept.since && !kept.ended_by;
    if (each.since > kept.since || ends) kept = each;
  }
}

void StateMemory::forget_ended(WallTime before) {
  const std::lock_guard lock{mutex_};
  std::erase_if(silences_, [&](const auto& each) {
    return each.second.ended_by && each.second.since < before;
  });
}

}  // namespace bora::alerts
