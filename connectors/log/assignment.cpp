#include "connectors/log/assignment.hpp"

#include <algorithm>
#include <cstddef>

namespace bora::log {
namespace {

struct Share {
  MemberId member = 0;
  std::size_t held = 0;
  std::size_t quota = 0;
};

Share* find_share(std::vector<Share>& shares, std::optional<MemberId> member) {
  const auto found = std::find_if(shares.begin(), shares.end(),
                                  [&](const Share& share) { return member == share.member; });
  return found == shares.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::optional<MemberId>> assign_partitions(
    std::span<const MemberId> members, std::span<const std::optional<MemberId>> current) {
  std::vector<std::optional<MemberId>> result(current.size());
  if (members.empty()) return result;

  std::vector<Share> shares;
  for (const MemberId member : members)
    shares.push_back({member, 0, 0});
  for (const auto& owner : current)
    if (Share* share = find_share(shares, owner)) ++share->held;

  // Those who hold most keep the remainder of the division: fewest partitions move.
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.held > b.held; });
  const std::size_t base = current.size() / shares.size();
  const std::size_t larger = current.size() % shares.size();
  for (std::size_t i = 0; i < shares.size(); ++i)
    shares[i].quota = base + (i < larger ? 1 : 0);

  for (Share& share : shares)
    share.held = 0;
  for (std::size_t p = 0; p < current.size(); ++p) {
    Share* share = find_share(shares, current[p]);
    if (share == nullptr || share->held == share->quota) continue;
    result[p] = share->member;
    ++share->held;
  }
  auto next = shares.begin();
  for (auto& owner : result) {
    if (owner) continue;
    while (next->held == next->quota)
      ++next;
    owner = next->member;
    ++next->held;
  }
  return result;
}

}  // namespace bora::log
