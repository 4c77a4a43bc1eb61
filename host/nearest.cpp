#include "host/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace bora::host {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> above(b.size() + 1);  // the row of a[0..i-2], a[0..i-1], a[0..i]
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], above[j - 2] + 1);
    }
    std::swap(above, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  // A third of the name may be wrong: further away, a suggestion misleads more than it helps.
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  if (!found.empty()) return found;
  // The right word in the wrong section, or without one.
  for (const std::string& candidate : candidates)
    if (candidate.substr(candidate.rfind('.') + 1) == name.substr(name.rfind('.') + 1))
      return candidate;
  return {};
}

}  // namespace bora::host
