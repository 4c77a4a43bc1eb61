#pragma once

#include <compare>
#include <cstdint>

namespace bora {

/// Names one message of one spout task: what its acked() and failed() get back. The engine never
/// looks inside; the names are those of a partitioned log, the usual source.
struct MessageId {
  std::uint64_t offset = 0;
  std::uint32_t partition = 0;
  std::uint32_t epoch = 0;  ///< Which assignment of the partition it was read under.
  auto operator<=>(const MessageId&) const = default;
};

}  // namespace bora
