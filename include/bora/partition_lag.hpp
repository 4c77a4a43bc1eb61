#pragma once

#include <cstdint>

namespace bora {

/// How far one partition of a source is behind.
struct PartitionLag {
  std::uint32_t partition = 0;
  std::uint64_t records = 0;
  bool operator==(const PartitionLag&) const = default;
};

}  // namespace bora
