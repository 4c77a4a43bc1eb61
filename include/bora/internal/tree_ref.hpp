#pragma once

#include <cstdint>

namespace bora::internal {

/// Names the ack tree that a tuple belongs to, in four bytes. 0: none, the tuple is untracked. Top
/// bit: a joint of several trees. Else an index into the ledger's counts; the upper part of the index
/// is the spout task that owns the tree.
using TreeRef = std::uint32_t;

inline constexpr TreeRef kUntracked = 0;
inline constexpr TreeRef kJointBit = 0x8000'0000U;
/// Set in a tree's count when one of its tuples failed.
inline constexpr std::uint32_t kFailedBit = 0x8000'0000U;
/// Set in the count of a traced tree, also at rest: so its count never reads 1, and whoever completes or
/// settles trees takes it for one that needs a look.
inline constexpr std::uint32_t kTracedBit = 0x4000'0000U;
inline constexpr std::uint32_t kCountMask = 0x3fff'ffffU;

}  // namespace bora::internal
