#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/pipeline/floor/edges.hpp"
#include "benchmarks/pipeline/floor/ledger.hpp"
#include "benchmarks/pipeline/floor/spsc_ring.hpp"

/// One source, several sinks, each of which takes every tuple.
namespace bora::bench::floor {

/// Writes the same tuples to every ring: into the first by the caller, copied to the others.
template <class Item, std::size_t kSinks>
class FanOutWriter {
 public:
  explicit FanOutWriter(std::array<RingWriter<Item>, kSinks> writers) : writers_(writers) {}

  [[nodiscard]] std::span<Item> room() noexcept {
    std::size_t n = kBatch;
    for (std::size_t i = 0; i < kSinks; ++i) {
      runs_[i] = writers_[i].room();
      n = std::min(n, runs_[i].size());
    }
    return runs_[0].first(n);
  }
  void wrote(std::size_t n) noexcept {
    for (std::size_t i = 1; i < kSinks; ++i)
      std::copy_n(runs_[0].begin(), n, runs_[i].begin());
    for (RingWriter<Item>& writer : writers_)
      writer.wrote(n);
  }
  void flush() noexcept {
    for (RingWriter<Item>& writer : writers_)
      writer.flush();
  }

 private:
  std::array<RingWriter<Item>, kSinks> writers_;
  std::array<std::span<Item>, kSinks> runs_;
};

/// A count of `kSinks` per root; whichever sink brings it to zero returns it. Sinks hand their
/// completed roots over as a chain, with one exchange per run of tuples; the source takes all chains
/// at once.
template <std::size_t kSinks>
class FanOutLedger {
  struct Link {
    Root root;
    Link* next = nullptr;  // of whoever holds the chain
  };

 public:
  template <class T>
  struct Item {
    T value;
    Link* link;
  };

  FanOutLedger() : links_(RootLedger::kInFlight) {
    for (Link& link : links_)
      push_free(&link);
  }

  // --- source, as in RootLedger ---
  template <class Flush>
  [[nodiscard]] std::size_t grant(std::size_t wanted, Flush flush) noexcept {
    if (free_ == nullptr) take_chains();
    if (free_ == nullptr) {
      flush();
      wait_for_chain();
      take_chains();
    }
    return std::min(wanted, free_count_);
  }
  template <class T>
  void open(Item<T>& item, std::size_t /*nth*/, std::uint64_t id) noexcept {
    Link* link = std::exchange(free_, free_->next);
    --free_count_;
    completed_ids_ += link->root.id;
    link->root.id = id;
    link->root.open.store(static_cast<std::int32_t>(kSinks), std::memory_order_relaxed);
    item.link = link;
  }
  void opened(std::size_t /*n*/) noexcept {}
  void wait_all() noexcept {
    while (free_count_ < links_.size()) {
      wait_for_chain();
      take_chains();
    }
    for (const Link& link : links_)
      completed_ids_ += link.root.id;
  }
  [[nodiscard]] bool complete(std::uint64_t ids) const noexcept { return completed_ids_ == ids; }

  /// One sink's side; single-owner.
  class Sink {
   public:
    explicit Sink(FanOutLedger& ledger) : ledger_(ledger) {}
    template <class T>
    void close(const Item<T>& item) noexcept {
      if (item.link->root.open.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      item.link->next = first_;
      if (first_ == nullptr) last_ = item.link;
      first_ = item.link;
    }
    void report() noexcept {
      if (first_ == nullptr) return;
      ledger_.push_chain(first_, last_);
      first_ = nullptr;
    }

   private:
    FanOutLedger& ledger_;
    Link* first_ = nullptr;
    Link* last_ = nullptr;
  };

 private:
  void push_free(Link* link) noexcept {
    link->next = free_;
    free_ = link;
    ++free_count_;
  }
  /// Links that return are not seen by other sinks, and the source takes whole chains: no ABA.
  void push_chain(Link* first, Link* last) noexcept {
    Link* head = chains_.load(std::memory_order_relaxed);
    do {
      last->next = head;
    } while (!chains_.compare_exchange_weak(head, first, std::memory_order_seq_cst,
                                            std::memory_order_relaxed));
    source_.wake_if([] { return std::uint32_t{1}; });
  }
  void take_chains() noexcept {
    for (Link* link = chains_.exchange(nullptr, std::memory_order_acquire); link != nullptr;)
      push_free(std::exchange(link, link->next));
  }
  void wait_for_chain() noexcept {
    for (int i = 0; i < kSpins; ++i, cpu_pause())
      if (chains_.load(std::memory_order_acquire) != nullptr) return;
    source_.sleep_until(
        1, [this] { return chains_.load(std::memory_order_seq_cst) != nullptr ? 1U : 0U; });
  }

  std::vector<Link> links_;
  // The source's own.
  Link* free_ = nullptr;
  std::size_t free_count_ = 0;
  std::uint64_t completed_ids_ = 0;
  // Shared.
  alignas(kCacheLine) std::atomic<Link*> chains_{nullptr};
  Parking source_;
};

/// The same shape without acks.
template <std::size_t kSinks>
class FanOutNoLedger : public NoLedger {
 public:
  class Sink : public NoLedger {
   public:
    explicit Sink(FanOutNoLedger& /*ledger*/) {}
  };
};

}  // namespace bora::bench::floor
