#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/component.hpp"
#include "bora/failure.hpp"
#include "bora/message_id.hpp"
#include "bora/output.hpp"
#include "bora/partition_lag.hpp"
#include "bora/trace.hpp"

namespace bora {

namespace internal {

class SpoutTraces;

/// The trees of one spout task: what is in flight, since when, how large. Single-owner: the spout's
/// thread. Slots are given out again only when their tree's count is back at rest.
struct RootTable {
  struct Slot {
    MessageId id;
    Instant opened_at{};
    std::uint32_t bytes = 0;
  };
  TreeRef base = 0;  // of slot 0
  std::uint32_t capacity = 0;
  std::unique_ptr<Slot[]> slots;
  std::unique_ptr<std::uint32_t[]> free;  // stack of free slots
  std::uint32_t free_count = 0;
  std::size_t bytes_in_flight = 0;
  std::uint32_t largest = 0;      // message so far: how many more fit under the cap on bytes
  Instant now{};                  // of the current batch
  std::uint32_t slot_count = 0;   // capacity, or more when messages are traced
  SpoutTraces* traces = nullptr;  // null: nothing is traced

  /// `all`: with the slots for traced messages, which take the places of others.
  void reset(TreeRef first, std::uint32_t max_in_flight, std::uint32_t all = 0) {
    base = first;
    capacity = free_count = max_in_flight;
    slot_count = all > capacity ? all : capacity;
    slots = std::make_unique<Slot[]>(slot_count);
    free = std::make_unique<std::uint32_t[]>(capacity);
    for (std::uint32_t i = 0; i < capacity; ++i)
      free[i] = capacity - 1 - i;
  }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return capacity - free_count; }
  [[nodiscard]] std::span<const std::uint32_t> free_slots() const noexcept {
    return {free.get(), free_count};
  }
  BORA_ALWAYS_INLINE TreeRef open(const MessageId& id, std::size_t size) {
    BORA_CHECK(free_count != 0, "a spout emitted more tuples than next_batch() allowed");
    const std::uint32_t slot = free[--free_count];
    // Field by field: a copy of a whole struct just built waits for its own stores.
    Slot& root = slots[slot];
    root.id.offset = id.offset;
    root.id.partition = id.partition;
    root.id.epoch = id.epoch;
    root.opened_at = now;
    root.bytes = static_cast<std::uint32_t>(size);
    bytes_in_flight += root.bytes;
    if (root.bytes > largest) largest = root.bytes;
    return base + slot;
  }
  /// `freed` is the slot itself, or the one whose place it took.
  void close(std::uint32_t slot, std::uint32_t freed) noexcept {
    bytes_in_flight -= slots[slot].bytes;
    free[free_count++] = freed;
  }
};

}  // namespace internal

/// What next_batch() tells the engine.
class Next {
 public:
  /// There may be more: ask again as soon as there is room.
  static Next more() noexcept { return Next{Kind::kMore, {}}; }
  /// Nothing now: ask again when the waker is called, and not before. A spout that stopped because it
  /// had emitted `max` tuples says more().
  static Next idle() noexcept { return Next{Kind::kIdle, {}}; }
  /// Nothing before `when`: ask again then, or when the waker is called.
  static Next idle_until(Instant when) noexcept { return Next{Kind::kIdle, when}; }
  /// Nothing ever again: the topology ends when every spout has finished and nothing is in flight.
  static Next finished() noexcept { return Next{Kind::kFinished, {}}; }

  enum class Kind : std::uint8_t { kMore, kIdle, kFinished };
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::optional<Instant> when() const noexcept { return when_; }

 private:
  Next(Kind kind, std::optional<Instant> when) noexcept : kind_(kind), when_(when) {}
  Kind kind_;
  std::optional<Instant> when_;
};

/// What spouts have in common, whatever they emit.
class SpoutBase : public Component {
 public:
  /// Emits up to `max` tuples and returns without waiting. Called when there is room for `max` more
  /// messages in flight.
  virtual Next next_batch(std::size_t max) = 0;
  /// Every tuple of these messages is done, with every effect before it. One call per batch.
  virtual void acked(std::span<const MessageId>) {}
  /// A tuple of this message failed, or it expired; nothing of it is in flight any more, unless it
  /// expired. Emit it again (same id is fine), dead-letter it, or let it go.
  virtual void failed(const Failure&) {}
  /// Stops and restarts the flow, in between next_batch() is not called.
  virtual void on_deactivate() {}
  virtual void on_activate() {}
  /// The topology drains: next_batch() is not called again; acked() and failed() still are.
  virtual void on_drain() {}
  /// False while the spout itself still waits for something before it may close, such as a dead letter
  /// being written. Asked while draining.
  [[nodiscard]] virtual bool is_settled() const { return true; }
  /// What its message ids are positions of, such as the name of a topic: for log lines. Asked once, after
  /// open().
  [[nodiscard]] virtual std::string source() const { return {}; }
  /// How far each partition of its source is behind. Threads: any.
  [[nodiscard]] virtual std::vector<PartitionLag> partition_lags() const { return {}; }

  /// For the engine.
  void attach(internal::RootTable& roots, internal::ExecutorContext& context) noexcept {
    roots_ = &roots;
    context_ = &context;
  }

 protected:
  /// Emits a tracked message: acked(id) or failed(id) follows exactly once. `bytes` counts against the
  /// cap on bytes in flight.
  template <class T>
  BORA_ALWAYS_INLINE void emit_to(Output<T>& output, const T& tuple, const MessageId& id,
                                  std::size_t bytes = sizeof(T)) {
    const internal::TreeRef root = roots_->open(id, bytes);
    try {
      if (output.emit_root(tuple, root)) [[likely]]
        return;
      context_->begin(root);
      output.emit(tuple);
    } catch (...) {
      fail_root(root);
    }
    end_root();
  }
  template <class T>
  BORA_ALWAYS_INLINE void emit_to(Output<T>& output, T&& tuple, const MessageId& id,
                                  std::size_t bytes = sizeof(T)) {
    const internal::TreeRef root = roots_->open(id, bytes);
    try {
      // `output` fixes T; emit_root() takes the tuple only when it returns true.
      // NOLINTBEGIN(bugprone-move-forwarding-reference,bugprone-use-after-move)
      if (output.emit_root(std::move(tuple), root)) [[likely]]
        return;
      context_->begin(root);
      output.emit(std::move(tuple));
      // NOLINTEND(bugprone-move-forwarding-reference,bugprone-use-after-move)
    } catch (...) {
      fail_root(root);
    }
    end_root();
  }
  /// Messages in flight of this task.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return roots_->in_flight(); }
  /// Whether messages of this topology are traced: only then look for where they come from.
  [[nodiscard]] bool is_tracing() const noexcept { return roots_->traces != nullptr; }
  /// The next message that this next_batch() emits goes on with a trace that began elsewhere. Does nothing
  /// when nothing is traced, or when as many as can be are.
  void trace_next(const TraceContext& from);

 private:
  void end_root() {
    context_->end();
    context_->begin(internal::kUntracked);
  }
  /// A grouping, a key or a copy threw: as if a bolt had.
  void fail_root(internal::TreeRef root) {
    if (context_->anchor() != root) context_->begin(root);
    context_->fail_current(std::current_exception());
  }

  internal::RootTable* roots_ = nullptr;
  internal::ExecutorContext* context_ = nullptr;
};

/// A spout: brings tuples of type T into the topology, on its default stream `out`.
///
///   class Numbers final : public bora::Spout<int> {
///     bora::Next next_batch(std::size_t max) override {
///       for (; max > 0 && n_ < 100; --max, ++n_) emit(n_, {.offset = std::uint64_t(n_)});
///       return n_ < 100 ? bora::Next::more() : bora::Next::finished();
///     }
///     int n_ = 0;
///   };
///
/// Threads: one task, one thread; every function is called on it.
template <class T>
class Spout : public SpoutBase {
 public:
  using DefaultTuple = T;
  Output<T> out{this, "default"};

 protected:
  BORA_ALWAYS_INLINE void emit(const T& tuple, const MessageId& id, std::size_t bytes = sizeof(T)) {
    emit_to(out, tuple, id, bytes);
  }
  BORA_ALWAYS_INLINE void emit(T&& tuple, const MessageId& id, std::size_t bytes = sizeof(T)) {
    emit_to(out, std::move(tuple), id, bytes);
  }
  /// Emits without tracking: nobody learns whether it was processed.
  BORA_ALWAYS_INLINE void emit_untracked(const T& tuple) { out.emit(tuple); }
  BORA_ALWAYS_INLINE void emit_untracked(T&& tuple) { out.emit(std::move(tuple)); }
};

namespace internal {

class SpoutTask final : public TaskBase {
 public:
  explicit SpoutTask(std::unique_ptr<SpoutBase> spout) : spout_(std::move(spout)) {}
  [[nodiscard]] Component& component() noexcept override { return *spout_; }
  [[nodiscard]] SpoutBase& spout() noexcept { return *spout_; }
  RootTable roots;

 private:
  std::unique_ptr<SpoutBase> spout_;
};

}  // namespace internal
}  // namespace bora
