#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bora::log {

/// A source within its group; never used again for another one.
using MemberId = std::uint64_t;

/// Shares out partitions: as evenly as possible, and of all even ways one that moves few.
/// `members` are in order of joining; `current[p]` is who should own partition p so far, or nothing.
/// The result has one owner per partition, or none when there are no members. Deterministic.
[[nodiscard]] std::vector<std::optional<MemberId>> assign_partitions(
    std::span<const MemberId> members, std::span<const std::optional<MemberId>> current);

}  // namespace bora::log
