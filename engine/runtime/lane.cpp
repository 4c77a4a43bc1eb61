#include "bora/internal/lane.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "engine/runtime/executor.hpp"
#include "engine/runtime/lane_queues.hpp"

namespace bora::internal {

namespace {
/// Most bytes of tuples in a block: large tuples get smaller blocks, which stay in a core's cache.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;
constexpr std::uint32_t kFewestLargeTuples = 16;

std::uint32_t capacity_for(std::uint32_t tuples, std::size_t item_size) {
  const auto fitting = static_cast<std::uint32_t>(kMostBytes / item_size);
  return std::min(tuples, std::max(fitting, kFewestLargeTuples));
}

constexpr std::size_t round_up(std::size_t n) {
  return (n + kCacheLine - 1) / kCacheLine * kCacheLine;
}
}  // namespace

Block* make_block(std::uint32_t capacity, std::size_t item_size) {
  const std::size_t header = round_up(sizeof(Block));
  const std::size_t refs = round_up(capacity * sizeof(TreeRef));
  const std::size_t items = round_up(capacity * item_size);
  void* memory = std::aligned_alloc(kCacheLine, header + refs + items);
  if (memory == nullptr) throw std::bad_alloc();
  auto* bytes = static_cast<unsigned char*>(memory);
  auto* block = ::new (memory) Block;
  block->capacity = capacity;
  block->refs = reinterpret_cast<TreeRef*>(bytes + header);
  block->items = bytes + header + refs;
  return block;
}

void free_block(Block* block) noexcept { std::free(block); }

LaneBase::LaneBase(TaskBase& producer, TaskBase& consumer, std::size_t item_size)
    : context_(producer.context), producer_(&producer), consumer_(&consumer) {
  auto& from = static_cast<Executor&>(*producer.context);
  auto& to = static_cast<Executor&>(*consumer.context);
  queues_ =
      std::make_unique<LaneQueues>(from.options().blocks_per_lane,
                                   capacity_for(from.options().block_tuples, item_size), item_size);
  queues_->consumer = &to;
  queues_->producer = &from;
  queues_->to_itself = &from == &to;
  open(make_block(queues_->block_tuples, item_size));
}

LaneBase::~LaneBase() = default;

void LaneBase::release_all() noexcept {
  const auto release = [this](Block* block) {
    destroy_items(*block);
    free_block(block);
  };
  LaneQueues& q = *queues_;
  Block* block = nullptr;
  while (q.full.try_pop(block))
    release(block);
  for (Block* waiting : q.overflow)
    release(waiting);
  while (q.empty.try_pop(block))
    free_block(block);
  for (Block* spare : q.spare)
    free_block(spare);
  open_->count = count_;
  release(open_);
}

void LaneBase::reclaim() {
  LaneQueues& q = *queues_;
  Block* block = nullptr;
  while (q.empty.try_pop(block)) {
    q.spare.push_back(block);
    --q.on_their_way;
  }
}

Block* LaneBase::take_empty() {
  LaneQueues& q = *queues_;
  reclaim();
  if (q.spare.empty()) return make_block(q.block_tuples, q.item_size);
  Block* block = q.spare.back();
  q.spare.pop_back();
  return block;
}

void LaneBase::push(Block* block) {
  LaneQueues& q = *queues_;
  block->pushed_at = q.producer->now();
  q.handed_over += block->count;
  if (q.on_their_way >= q.limit) reclaim();
  // A lane to its own thread must not wait for itself; it is drained before other input is taken.
  if (q.overflow.empty() && q.on_their_way < q.limit && q.full.try_push(block)) {
    ++q.on_their_way;
    tell_consumer();
    return;
  }
  if (q.overflow.empty() && !q.to_itself) {
    ++context_->blocked_lanes;
    context_->run_end = 0;
  }
  q.overflow.push_back(block);
}

void LaneBase::advance() {
  // Tuples in this block may be children of the tuple that is being executed.
  context_->guard_frame();
  open_->count = count_;
  push(open_);
  open(take_empty());
}

void LaneBase::make_room() {
  if (in_place_ != nullptr) leave_in_place();
  if (count_ == open_->capacity) advance();
}

std::uint64_t LaneBase::tuples() const noexcept {
  return queues_->handed_over + count_ + (in_place_ != nullptr ? in_place_count_ : 0);
}

void LaneBase::flush() {
  if (in_place_ != nullptr) spill_in_place();
  // Behind an overflow the open block may as well fill up.
  if (count_ == 0 || !queues_->overflow.empty()) return;
  open_->count = count_;
  push(open_);
  open(take_empty());
}

bool LaneBase::refill_itself() {
  if (try_unblock()) return true;
  if (count_ == 0 && in_place_ == nullptr) return false;
  flush();
  return true;
}

/// A consumer that naps is left alone until there is a good part of a lane for it, or until this
/// executor has nothing more to add: see Executor::flush_outputs.
void LaneBase::tell_consumer() {
  LaneQueues& q = *queues_;
  if (q.to_itself) return;
  switch (q.consumer->mailbox()->parker.depth()) {
    case Parker::Depth::kAwake: return;
    case Parker::Depth::kNap:
      if (q.full.size() < q.limit / 2) {
        q.unsignalled = true;
        return;
      }
      break;
    case Parker::Depth::kSleep: break;
  }
  q.unsignalled = false;
  q.consumer->wake();
}

void LaneBase::wake_consumer() {
  if (!queues_->unsignalled) return;
  queues_->unsignalled = false;
  queues_->consumer->wake();
}

bool LaneBase::try_unblock() {
  LaneQueues& q = *queues_;
  if (q.overflow.empty()) return false;
  const std::size_t before = q.overflow.size();
  reclaim();
  while (!q.overflow.empty() && q.on_their_way < q.limit && q.full.try_push(q.overflow.front())) {
    q.overflow.pop_front();
    ++q.on_their_way;
    tell_consumer();
  }
  if (!q.overflow.empty()) return q.overflow.size() < before;
  if (!q.to_itself) --context_->blocked_lanes;
  while (q.spare.size() > q.limit) {  // an execute() with a large fan-out made more than are needed
    free_block(q.spare.back());
    q.spare.pop_back();
  }
  return true;
}

void LaneBase::enter_in_place(Block* source) {
  if (in_place_ != nullptr)
    spill_in_place();          // another input's block, which is not read to its end
  if (count_ != 0) advance();  // what was emitted before comes first
  in_place_ = source;
  room_ = 0;
  in_place_count_ = 0;
}

void LaneBase::spill_in_place() {
  Block* source = in_place_;
  in_place_ = nullptr;
  room_ = open_->capacity;
  if (count_ + in_place_count_ > room_) advance();
  // The tuple being executed may still be looked at by its bolt: it is moved from, and stays alive.
  const bool executing = context_->in_block == source && context_->kept_in_place;
  open_->count = count_;
  move_items(*source, in_place_count_, *open_, executing ? context_->in_index : source->capacity);
  count_ = open_->count;
  if (executing) context_->kept_in_place = false;
}

void LaneBase::undo_in_place(const Block* source) noexcept {
  if (in_place_ == nullptr || in_place_ != source) return;
  Block passed_on = *in_place_;
  passed_on.read = 0;
  passed_on.count = in_place_count_;
  destroy_items(passed_on);
  in_place_ = nullptr;
  room_ = open_->capacity;
}

Block* LaneBase::finish_in_place(Block* source) {
  if (in_place_ != source) return source;
  in_place_ = nullptr;
  room_ = open_->capacity;
  source->read = 0;
  source->count = in_place_count_;
  if (source->count == 0) return source;
  Block* replacement = take_empty();
  push(source);
  return replacement;
}

Block* LaneBase::try_take() noexcept {
  Block* block = nullptr;
  return queues_->full.try_pop(block) ? block : nullptr;
}

void LaneBase::give_back(Block* block) noexcept {
  LaneQueues& q = *queues_;
  block->count = 0;
  block->read = 0;
  // Cannot fail: the ring has room for every block that may be on its way.
  BORA_CHECK(q.empty.try_push(block), "more blocks came back than were handed over");
  // A sleeping producer is woken when half of the lane is free: waking it for every block would cost
  // a context switch each.
  if (q.producer_waits.load(std::memory_order_seq_cst) && q.full.size() <= q.limit / 2)
    q.producer->wake();
}

}  // namespace bora::internal
