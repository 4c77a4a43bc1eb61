#include "topologies/alerts/rules.hpp"

namespace bora::alerts {

std::optional<WallTime> ended_silence(const Rules& rules, const HeardReading& reading,
                                      const std::optional<coldchain::Sighting>& last,
                                      const std::optional<coldchain::Silence>& silence,
                                      WallTime birth) {
  if (silence && silence->ended_by == reading.place) return silence->since;  // brought again
  if (reading.received - reading.time > rules.silent_after) return std::nullopt;
  if (silence && !silence->ended_by)
    return reading.time > silence->since ? std::optional{silence->since} : std::nullopt;
  const bool has_gap = last && reading.time - last->time > rules.silent_after;
  return has_gap && last->time >= birth ? std::optional{last->time} : std::nullopt;
}

bool is_unannounced(WallTime last, const std::optional<coldchain::Silence>& silence) {
  return !silence || (silence->ended_by && silence->since < last);
}

}  // namespace bora::alerts
