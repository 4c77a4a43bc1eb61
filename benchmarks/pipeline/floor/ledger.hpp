#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmarks/pipeline/floor/spsc_ring.hpp"

namespace bora::bench::floor {

/// One tuple in flight at the source: an atomic count of what is still open below it. One line each,
/// because neighbours are decremented by the sink while the source opens others.
struct alignas(kCacheLine) Root {
  std::atomic<std::int32_t> open{0};
  std::uint64_t id = 0;
};

template <class T>
struct Untracked {
  T value;
};

template <class T>
struct Tracked {
  T value;
  Root* root;
};

/// The ledger of a pipeline without acks: nothing.
class NoLedger {
 public:
  template <class T>
  using Item = Untracked<T>;

  template <class Flush>
  [[nodiscard]] std::size_t grant(std::size_t wanted, Flush /*flush*/) noexcept {
    return wanted;
  }
  template <class T>
  void open(Item<T>& /*item*/, std::size_t /*nth*/, std::uint64_t /*id*/) noexcept {}
  void opened(std::size_t /*n*/) noexcept {}
  void wait_all() noexcept {}
  [[nodiscard]] bool complete(std::uint64_t /*ids*/) const noexcept { return true; }

  template <class T>
  void close(const Item<T>& /*item*/) noexcept {}
  void report() noexcept {}
};

/// One atomic count per root, decremented at the sink; a root whose count reached zero goes back to
/// the source through a ring, which is at once the source's list of free roots. A linear chain
/// changes the count nowhere else: one child for one parent leaves it as it is.
class RootLedger {
 public:
  template <class T>
  using Item = Tracked<T>;
  static constexpr std::size_t kInFlight = 8192;

  RootLedger() : roots_(kInFlight), free_(kInFlight) {
    std::size_t i = 0;
    for (Root*& slot : free_.writable(kInFlight))
      slot = &roots_[i++];
    free_.written(kInFlight);
    free_.publish();
  }

  /// Source: how many of `wanted` tuples may be opened now, at least one. With none free it calls
  /// `flush` (what is buffered can never complete) and waits.
  template <class Flush>
  [[nodiscard]] std::size_t grant(std::size_t wanted, Flush flush) noexcept {
    run_ = free_.readable(wanted);
    if (run_.empty()) {
      flush();
      free_.wait_readable(kInFlight / 2);  // all are in flight, so half will come back
      run_ = free_.readable(wanted);
    }
    return run_.size();
  }
  /// Source: opens the n-th of the granted roots for an item. The count is written relaxed: the
  /// edge's publish() makes it visible together with the item.
  template <class T>
  void open(Item<T>& item, std::size_t nth, std::uint64_t id) noexcept {
    Root* root = run_[nth];
    completed_ids_ += root->id;
    root->id = id;
    root->open.store(1, std::memory_order_relaxed);
    item.root = root;
  }
  /// Source: the first `n` of the granted roots are in use.
  void opened(std::size_t n) noexcept { free_.release(n); }
  /// Source, at the end: waits until every root has come back.
  void wait_all() noexcept {
    for (std::size_t back = 0; back < kInFlight;) {
      const std::span<Root*> run = free_.readable(kInFlight);
      if (run.empty()) free_.wait_readable(1);
      for (const Root* root : run)
        completed_ids_ += root->id;
      back += run.size();
      free_.release(run.size());
    }
  }
  /// After the end: whether the ids that completed add up to `ids`.
  [[nodiscard]] bool complete(std::uint64_t ids) const noexcept { return completed_ids_ == ids; }

  /// Sink: the item is done. acq_rel: whoever brings a count to zero has seen all that was done
  /// before under it.
  template <class T>
  void close(const Item<T>& item) noexcept {
    if (item.root->open.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    free_.writable(1).front() = item.root;  // never full: it has a slot for every root
    free_.written(1);
  }
  /// Sink, after a run of items: hands the completed roots to the source.
  void report() noexcept { free_.publish(); }

 private:
  std::vector<Root> roots_;
  SpscRing<Root*, Fills::kNever> free_;  // the sink writes, the source reads
  std::span<Root*> run_;                 // source
  std::uint64_t completed_ids_ = 0;      // source
};

/// The same on one thread: the count is as atomic as before, but the root goes straight back.
class LocalRootLedger {
 public:
  template <class T>
  using Item = Tracked<T>;

  LocalRootLedger() : roots_(RootLedger::kInFlight) {
    free_.reserve(roots_.size());
    for (Root& root : roots_)
      free_.push_back(&root);
  }

  template <class T>
  void open(Item<T>& item, std::uint64_t id) noexcept {
    item.root = free_.back();
    free_.pop_back();
    item.root->id = id;
    item.root->open.store(1, std::memory_order_relaxed);
  }
  template <class T>
  void close(const Item<T>& item) noexcept {
    if (item.root->open.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    completed_ids_ += item.root->id;
    free_.push_back(item.root);
  }
  [[nodiscard]] bool complete(std::uint64_t ids) const noexcept { return completed_ids_ == ids; }

 private:
  std::vector<Root> roots_;
  std::vector<Root*> free_;
  std::uint64_t completed_ids_ = 0;
};

}  // namespace bora::bench::floor
