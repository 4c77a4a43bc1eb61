#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "bora/clock.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

/// An array of tuples with their tree references, handed over whole. The object, the references and
/// the tuples are one allocation. Tuples in [read, count) are alive; the owner destroys them.
struct Block {
  std::uint32_t count = 0;
  std::uint32_t read = 0;
  std::uint32_t capacity = 0;
  Instant pushed_at{};
  TreeRef* refs = nullptr;
  void* items = nullptr;

  template <class T>
  [[nodiscard]] T* items_as() noexcept {
    return static_cast<T*>(items);
  }
};

inline constexpr std::size_t kCacheLine = 64;

/// Makes an empty block for `capacity` tuples of the given size; alignment up to a cache line.
[[nodiscard]] Block* make_block(std::uint32_t capacity, std::size_t item_size);
/// Frees the memory. Requires: no tuple in it is alive.
void free_block(Block* block) noexcept;

}  // namespace bora::internal
