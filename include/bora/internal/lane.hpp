#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "bora/internal/block.hpp"
#include "bora/internal/executor_context.hpp"
#include "bora/internal/inline.hpp"
#include "bora/tuple_json.hpp"

namespace bora::internal {

class TaskBase;
struct LaneQueues;

/// The way from one producer task to one consumer task for one stream: a bounded ring of blocks
/// forward, a ring of emptied blocks back. A `local` hop is one whose ends share a thread: a bolt called
/// from an emit would load, in wide words, what the one before it had just stored in narrow ones, and
/// wait for each; a block later the stores are in the cache.
///
/// Invariants:
///  1. open_ is never null. A full one leaves with the next append or flush, not at once: so a block
///     mostly leaves when every execute() that filled it is over, and its trees need no guard. Where
///     appends go is kept beside it (items_, refs_, count_, room_): open_->count is brought up to date
///     when the block leaves.
///  2. At most `limit` blocks are on their way; further ones wait in an overflow list and block the
///     producer's executor, so one execute() may overflow but the next does not begin.
///  3. Blocks of one lane have one capacity and one tuple type.
/// Threads: producer functions on the producer's thread, consumer functions on the consumer's.
class LaneBase {
 public:
  LaneBase(const LaneBase&) = delete;
  LaneBase& operator=(const LaneBase&) = delete;
  virtual ~LaneBase();

  // --- producer ---
  /// Hands over what is in the open block, if anything.
  void flush();
  /// Wakes a consumer that was left to nap.
  void wake_consumer();
  /// Of a lane to its own executor, whose full ring is empty: hands over what waits or is in the open
  /// block. True when something went.
  bool refill_itself();
  /// Tries to hand over what waits in the overflow list. True when some of it went.
  bool try_unblock();
  /// When `source`, whose reading is finished, was passed on in place: hands it over and returns an
  /// empty block to give back instead. Else returns `source`.
  Block* finish_in_place(Block* source);
  /// Destroys what was passed on in `source`, if anything was. For a crash in the middle of a block.
  void undo_in_place(const Block* source) noexcept;
  /// Requires: tuples of T reach the producer by rings, and this lane is its output's only way.
  void allow_in_place() noexcept { in_place_allowed_ = true; }
  [[nodiscard]] bool allows_in_place() const noexcept { return in_place_allowed_; }
  /// The trees of what is in the open block.
  [[nodiscard]] std::span<const TreeRef> open_refs() const noexcept { return {refs_, count_}; }
  /// Tuples appended or passed on so far.
  [[nodiscard]] std::uint64_t tuples() const noexcept;
  /// What was passed on in the producer's input block, which is not handed over yet.
  [[nodiscard]] std::span<const TreeRef> passed_on_in_place() const noexcept {
    if (in_place_ == nullptr) return {};
    return {in_place_->refs, in_place_count_};
  }

  // --- consumer ---
  [[nodiscard]] Block* try_take() noexcept;
  /// Destroys the tuples that are left in a taken block, and the block.
  void dispose(Block* block) noexcept {
    destroy_items(*block);
    free_block(block);
  }
  void give_back(Block* block) noexcept;
  /// Appends the next tuple of a taken block as JSON. Requires: there is one.
  virtual void append_next(std::string& out, const Block& block) const = 0;

  [[nodiscard]] TaskBase& producer() const noexcept { return *producer_; }
  [[nodiscard]] TaskBase& consumer() const noexcept { return *consumer_; }
  [[nodiscard]] LaneQueues& queues() const noexcept { return *queues_; }

 protected:
  LaneBase(TaskBase& producer, TaskBase& consumer, std::size_t item_size);

  /// Makes room for another append, which found count_ at room_.
  void make_room();
  /// Hands the open block over and gets an empty one.
  void advance();
  /// Moves what was passed on in place so far to the open block: it is not to wait for the rest of the
  /// input block.
  void spill_in_place();
  /// Gives up passing on in place, for good: a bolt that also emits other tuples would hand over many
  /// small blocks.
  void leave_in_place() {
    spill_in_place();
    in_place_allowed_ = false;
  }
  void enter_in_place(Block* source);

  /// Moves the first `count` tuples of `from` to the end of `to`; destroys them but for index `alive`.
  virtual void move_items(Block& from, std::uint32_t count, Block& to, std::uint32_t alive) = 0;
  /// Destroys the tuples in [read, count).
  virtual void destroy_items(Block& block) noexcept = 0;
  /// Frees every block that the lane holds. Call from the most derived destructor; both threads have
  /// ended by then.
  void release_all() noexcept;

  // What an append touches.
  void* items_ = nullptr;  // of open_
  TreeRef* refs_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t room_ = 0;  // its capacity; 0 while tuples are passed on in place

  ExecutorContext* context_;  // of the producer
  Block* open_ = nullptr;
  Block* in_place_ = nullptr;  // the producer's input block, while tuples are passed on in it
  std::uint32_t in_place_count_ = 0;
  bool in_place_allowed_ = false;

 private:
  void open(Block* block) noexcept {
    open_ = block;
    items_ = block->items;
    refs_ = block->refs;
    count_ = block->count;
    room_ = block->capacity;
  }
  /// Takes back the blocks that the consumer has emptied.
  void reclaim();
  Block* take_empty();
  void push(Block* block);
  void tell_consumer();

  TaskBase* producer_;
  TaskBase* consumer_;
  std::unique_ptr<LaneQueues> queues_;
};

template <class T>
class Lane final : public LaneBase {
 public:
  static_assert(alignof(T) <= kCacheLine, "a tuple may be aligned to a cache line at most");
  static_assert(std::is_nothrow_move_constructible_v<T> || std::is_copy_constructible_v<T>,
                "a tuple must be movable or copyable");

  Lane(TaskBase& producer, TaskBase& consumer) : LaneBase(producer, consumer, sizeof(T)) {}
  ~Lane() override { release_all(); }

  template <class U>
  void append(U&& value, TreeRef ref) {
    if (!has_room()) make_room();
    append_to_room(std::forward<U>(value), ref);
  }
  void append_next(std::string& out, const Block& block) const override {
    append_tuple(out, static_cast<const T*>(block.items)[block.read]);
  }
  [[nodiscard]] BORA_ALWAYS_INLINE bool has_room() const noexcept { return count_ < room_; }
  /// Requires: has_room().
  template <class U>
  BORA_ALWAYS_INLINE void append_to_room(U&& value, TreeRef ref) {
    const std::uint32_t at = count_;
    ::new (static_cast<void*>(static_cast<T*>(items_) + at)) T(std::forward<U>(value));
    refs_[at] = ref;
    count_ = at + 1;
  }

  /// Whether `tuple` is the one being executed, and may stay where it is.
  [[nodiscard]] bool may_pass_on(const T& tuple) const noexcept {
    const Block* block = context_->in_block;
    return in_place_allowed_ && block != nullptr &&
           std::addressof(tuple) == static_cast<const T*>(block->items) + context_->in_index &&
           // Passed on for the second time, it finds its place taken.
           (in_place_ != block || in_place_count_ <= context_->in_index);
  }
  /// Hands the tuple being executed on in its own block. Requires: may_pass_on().
  void pass_on(TreeRef ref) {
    Block* block = context_->in_block;
    if (in_place_ != block) [[unlikely]]
      enter_in_place(block);
    const std::uint32_t to = in_place_count_++;
    const std::uint32_t from = context_->in_index;
    if (to == from) {
      context_->kept_in_place = true;
    } else {
      T* items = block->template items_as<T>();
      ::new (static_cast<void*>(items + to)) T(std::move(items[from]));
    }
    block->refs[to] = ref;
  }

 private:
  void move_items(Block& from, std::uint32_t count, Block& to, std::uint32_t alive) override {
    T* source = from.template items_as<T>();
    for (std::uint32_t i = 0; i < count; ++i) {
      ::new (static_cast<void*>(to.template items_as<T>() + to.count)) T(std::move(source[i]));
      to.refs[to.count++] = from.refs[i];
      if (i != alive) source[i].~T();
    }
  }
  void destroy_items(Block& block) noexcept override {
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for (std::uint32_t i = block.read; i < block.count; ++i)
        block.template items_as<T>()[i].~T();
    }
  }
};

}  // namespace bora::internal
