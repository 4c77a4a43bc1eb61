#include "benchmarks/pipeline/allocations.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

struct alignas(64) Cell {
  std::atomic<std::uint64_t> count{0};
};
// One line per thread, so that counting is not what a benchmark measures; a thread beyond the last
// shares one.
std::array<Cell, 64> cells;
std::atomic<std::size_t> threads{0};

void count_one() noexcept {
  thread_local const std::size_t mine =
      threads.fetch_add(1, std::memory_order_relaxed) % cells.size();
  cells[mine].count.fetch_add(1, std::memory_order_relaxed);
}

void* counted(std::size_t size) {
  count_one();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}

void* counted_aligned(std::size_t size, std::align_val_t alignment) {
  count_one();
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

namespace bora::bench {

std::uint64_t allocations() noexcept {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells)
    sum += cell.count.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace bora::bench

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::align_val_t align) {
  return counted_aligned(size, align);
}
void* operator new[](std::size_t size, std::align_val_t align) {
  return counted_aligned(size, align);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
