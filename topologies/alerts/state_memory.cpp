#include "topologies/alerts/state_memory.hpp"

#include <algorithm>
#include <vector>

namespace bora::alerts {

using coldchain::Sighting;
using coldchain::Silence;

namespace {

constexpr std::size_t kAtOnce = 1'000;

template <class Map>
auto values_of(const Map& map) {
  std::vector<typename Map::mapped_type> values;
  values.reserve(map.size());
  for (const auto& [device, each] : map)
    values.push_back(each);
  return values;
}

/// Calls `write` with some of `all` at a time.
template <class T, class Write>
Status write_all(std::span<const T> all, Write write) {
  for (; !all.empty(); all = all.subspan(std::min(kAtOnce, all.size())))
    if (Status written = write(all.first(std::min(kAtOnce, all.size()))); !written) return written;
  return {};
}

}  // namespace

// The lock is not held while the store is waited for. Two tasks may restore at once: each writes what
// the store takes once.
Result<bool> StateMemory::restore(const coldchain::StoreBirth& birth,
                                  coldchain::SharedState& state) {
  std::vector<Sighting> heard;
  std::vector<Silence> silences;
  {
    const std::lock_guard lock{mutex_};
    if (birth.id == birth_) return false;
    if (birth_.empty()) {
      birth_ = birth.id;
      return false;
    }
    heard = values_of(heard_);
    silences = values_of(silences_);
  }
  if (Status written =
          write_all<Sighting>(heard, [&](auto some) { return state.last_seen().record(some); });
      !written)
    return written;
  if (Status written =
          write_all<Silence>(silences, [&](auto some) { return state.silent_set().begin(some); });
      !written)
    return written;
  const std::lock_guard lock{mutex_};
  birth_ = birth.id;
  return true;
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
