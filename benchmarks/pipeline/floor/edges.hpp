#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "benchmarks/pipeline/floor/spsc_ring.hpp"

/// The two ways over a hop, behind one shape: a writer gives room() (waits when there is none),
/// wrote(n) and flush(); a reader gives peek() (empty when there is nothing), done(n) and wait().
namespace bora::bench::floor {

inline constexpr std::size_t kBatch = 64;
/// Tuples that fit into one hop, either way. At tens of millions per second 4,096 last less than a
/// sleeping thread needs to wake, so how much a hop holds decides as much as how it hands over:
/// compare an engine with the floor whose hops hold as much as its own.
inline constexpr std::size_t kSlots = 4096;
inline constexpr std::size_t kSlotsLong = 16384;

/// Tuples by value in a ring; published every 64 or at flush().
template <class Item>
class RingWriter {
 public:
  explicit RingWriter(SpscRing<Item>& ring) : ring_(ring) {}

  [[nodiscard]] std::span<Item> room() noexcept {
    std::span<Item> run = ring_.writable(kBatch);
    while (run.empty()) {
      ring_.publish();
      ring_.wait_writable();
      run = ring_.writable(kBatch);
    }
    return run;
  }
  void wrote(std::size_t n) noexcept {
    ring_.written(n);
    if (ring_.unpublished() >= kBatch) ring_.publish();
  }
  void flush() noexcept { ring_.publish(); }

 private:
  SpscRing<Item>& ring_;
};

template <class Item>
class RingReader {
 public:
  explicit RingReader(SpscRing<Item>& ring) : ring_(ring) {}

  [[nodiscard]] std::span<Item> peek() noexcept { return ring_.readable(kBatch); }
  void done(std::size_t n) noexcept { ring_.release(n); }
  void wait() noexcept { ring_.wait_readable(1); }

 private:
  SpscRing<Item>& ring_;
};

/// 64 tuples that change owner together.
template <class Item>
struct alignas(kCacheLine) Block {
  std::array<Item, kBatch> items;
  std::size_t size = 0;
};

template <class Item>
using BlockRing = SpscRing<Block<Item>*, Fills::kNever>;

/// Blocks and the ring that brings them back empty to the thread that fills them.
template <class Item>
class BlockPool {
 public:
  /// `blocks` fit into `ring_capacity`, a power of two.
  BlockPool(std::size_t blocks, std::size_t ring_capacity)
      : blocks_(blocks), empty_(ring_capacity) {
    std::size_t i = 0;
    for (Block<Item>*& slot : empty_.writable(blocks))
      slot = &blocks_[i++];
    empty_.written(blocks);
    empty_.publish();
  }
  [[nodiscard]] BlockRing<Item>& empty() noexcept { return empty_; }
  [[nodiscard]] std::size_t size() const noexcept { return blocks_.size(); }

 private:
  std::vector<Block<Item>> blocks_;
  BlockRing<Item> empty_;
};

template <class Item>
class BlockWriter {
 public:
  BlockWriter(BlockPool<Item>& pool, BlockRing<Item>& full) : pool_(pool), full_(full) {}

  [[nodiscard]] std::span<Item> room() noexcept {
    if (block_ == nullptr) block_ = take_empty();
    return std::span<Item>{block_->items}.subspan(block_->size);
  }
  void wrote(std::size_t n) noexcept {
    block_->size += n;
    if (block_->size == kBatch) hand_over();
  }
  void flush() noexcept {
    if (block_ != nullptr && block_->size > 0) hand_over();
  }

 private:
  [[nodiscard]] Block<Item>* take_empty() noexcept {
    std::span<Block<Item>*> run = pool_.empty().readable(1);
    while (run.empty()) {
      // All blocks are below us; asleep, we wait for half of them.
      pool_.empty().wait_readable(static_cast<std::uint32_t>(pool_.size() / 2));
      run = pool_.empty().readable(1);
    }
    Block<Item>* block = run.front();
    pool_.empty().release(1);
    block->size = 0;
    return block;
  }
  void hand_over() noexcept {
    full_.writable(1).front() = block_;
    full_.written(1);
    full_.publish();
    block_ = nullptr;
  }

  BlockPool<Item>& pool_;
  BlockRing<Item>& full_;
  Block<Item>* block_ = nullptr;
};

template <class Item>
class BlockReader {
 public:
  BlockReader(BlockRing<Item>& full, BlockRing<Item>& empty) : full_(full), empty_(empty) {}

  [[nodiscard]] std::span<Item> peek() noexcept {
    if (block_ == nullptr) {
      const std::span<Block<Item>*> run = full_.readable(1);
      if (run.empty()) return {};
      block_ = run.front();
      full_.release(1);
      read_ = 0;
    }
    return std::span<Item>{block_->items}.subspan(read_, block_->size - read_);
  }
  void done(std::size_t n) noexcept {
    read_ += n;
    if (read_ < block_->size) return;
    empty_.writable(1).front() = block_;
    empty_.written(1);
    empty_.publish();
    block_ = nullptr;
  }
  void wait() noexcept { full_.wait_readable(1); }

 private:
  BlockRing<Item>& full_;
  BlockRing<Item>& empty_;
  Block<Item>* block_ = nullptr;
  std::size_t read_ = 0;
};

}  // namespace bora::bench::floor
