#include "engine/sim/inspector.hpp"

#include <algorithm>
#include <utility>

#include "bora/spout.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/trace/tracer.hpp"

namespace bora::internal {

namespace {
std::string name_of(const SpoutRunner& spout, std::uint32_t slot) {
  const MessageId& id = spout.task().roots.slots[slot].id;
  return "message " + std::to_string(id.partition) + "/" + std::to_string(id.offset) + " (epoch " +
         std::to_string(id.epoch) + ") of " + Runtime::label(spout.task());
}
std::uint64_t value(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}
}  // namespace

Inspector::Inspector(const Runtime& runtime, Fault fault)
    : runtime_(runtime),
      fault_(std::move(fault)),
      opened_(runtime.spouts().size()),
      completed_before_(runtime.spouts().size()) {}

void Inspector::look() {
  recount();
  for (const SpoutRunner* spout : runtime_.spouts())
    look_at(*spout);
  look_at_bytes();
}

/// Counts what can be seen of each tree and joint: tuples in blocks, and parts of joints. Tokens that
/// components hold cannot be seen, so this is the least that the counts must say.
void Inspector::recount() {
  const Ledger& ledger = runtime_.ledger();
  const std::size_t trees = runtime_.spouts().size() << ledger.owner_shift();
  references_.assign(trees, 0);
  completed_.assign(trees, 0);
  joints_.clear();
  const auto refer = [this](TreeRef ref) {
    if ((ref & kJointBit) != 0) {
      ++joints_[ref];
    } else if (ref != kUntracked) {
      ++references_[ref];
    }
  };
  for (const auto& executor : runtime_.executors()) {
    executor->visit_queued([&](std::span<const TreeRef> refs, std::uint32_t) {
      std::for_each(refs.begin(), refs.end(), refer);
    });
    for (const SpoutRunner* spout : runtime_.spouts()) {
      const CompletionLane& lane = *spout->lane(executor->index());
      for (std::uint32_t i = lane.head; i != lane.tail; ++i)
        ++completed_[lane.slots[i & lane.mask]];
    }
  }
  ledger.visit_joints([&](TreeRef, std::uint32_t, const std::vector<TreeRef>& parts) {
    std::for_each(parts.begin(), parts.end(), refer);
  });
  ledger.visit_joints([&](TreeRef joint, std::uint32_t count, const std::vector<TreeRef>&) {
    const auto found = joints_.find(joint);
    if (found == joints_.end()) return;
    if (count < found->second)
      fault_("a joint counts " + std::to_string(count) + " tuples, but " +
             std::to_string(found->second) + " are on their way");
    joints_.erase(found);
  });
  if (!joints_.empty()) fault_("a joint was let go of, but some of its tuples are on their way");
}

void Inspector::look_at(const SpoutRunner& spout) {
  const RootTable& roots = spout.task().roots;
  is_free_.assign(roots.slot_count, false);
  for (const std::uint32_t slot : roots.free_slots()) {
    if (is_free_[slot]) fault_("slot " + std::to_string(slot) + " is free twice");
    is_free_[slot] = true;
  }
  is_free_ = slots_in_use(roots);
  is_free_.flip();
  if (static_cast<std::uint32_t>(std::count(is_free_.begin(), is_free_.end(), false)) !=
      roots.in_flight())
    fault_(Runtime::label(spout.task()) + " has " + std::to_string(roots.in_flight()) +
           " messages in flight, but another number of slots in use");
  std::size_t bytes = 0;
  for (std::uint32_t slot = 0; slot < roots.slot_count; ++slot) {
    look_at_slot(spout, slot, is_free_[slot]);
    if (!is_free_[slot]) bytes += roots.slots[slot].bytes;
  }
  if (bytes != roots.bytes_in_flight)
    fault_(Runtime::label(spout.task()) + " accounts for " + std::to_string(roots.bytes_in_flight) +
           " bytes in flight, its messages have " + std::to_string(bytes));

  const TaskMetrics& m = *spout.task().metrics;
  const std::uint64_t settled = value(m.acked) + value(m.failed);
  if (value(m.opened) != settled + spout.in_flight())
    fault_(Runtime::label(spout.task()) + " opened " + std::to_string(value(m.opened)) +
           " messages, acked and failed " + std::to_string(settled) + ", and has " +
           std::to_string(spout.in_flight()) + " in flight: that does not add up");
}

void Inspector::look_at_slot(const SpoutRunner& spout, std::uint32_t slot, bool is_free) {
  const TreeRef ref = spout.task().roots.base + slot;
  const std::uint32_t count =
      runtime_.ledger().counts()[ref].load(std::memory_order_relaxed) & kCountMask;
  const std::uint32_t seen = references_[ref];
  const std::uint32_t done = completed_[ref];
  if (is_free) {
    if (count != 1)
      fault_(name_of(spout, slot) + " is over, but counts " + std::to_string(count) + " tuples");
    if (seen != 0)
      fault_(name_of(spout, slot) + " is over, but " + std::to_string(seen) +
             " of its tuples are on their way");
    if (done != 0) fault_(name_of(spout, slot) + " completed after it was over");
    return;
  }
  if (done > 1) fault_(name_of(spout, slot) + " completed " + std::to_string(done) + " times");
  if (done != 0 && seen != 0)
    fault_(name_of(spout, slot) + " is complete, but " + std::to_string(seen) +
           " of its tuples are on their way");
  if (count < seen)
    fault_(name_of(spout, slot) + " counts " + std::to_string(count) + " tuples, but " +
           std::to_string(seen) + " are on their way");
}

/// A batch of messages that are larger than all before may pass the cap on bytes; but nothing is opened
/// while it is reached.
void Inspector::look_at_bytes() {
  std::size_t bytes = 0;
  bool opened = false;
  bool completed = false;
  for (std::size_t i = 0; i < runtime_.spouts().size(); ++i) {
    const SpoutRunner& spout = *runtime_.spouts()[i];
    const RootTable& roots = spout.task().roots;
    bytes += roots.bytes_in_flight;
    const std::uint64_t over = spout.opened() - roots.in_flight();
    opened |= std::exchange(opened_[i], spout.opened()) != spout.opened();
    completed |= std::exchange(completed_before_[i], over) != over;
  }
  if (bytes != runtime_.bytes_in_flight.load(std::memory_order_relaxed))
    fault_("the topology accounts for " +
           std::to_string(runtime_.bytes_in_flight.load(std::memory_order_relaxed)) +
           " bytes in flight, its spouts for " + std::to_string(bytes));
  if (opened && !completed && bytes_ >= runtime_.options().max_in_flight_bytes && bytes_ > 0)
    fault_("a message was opened although the cap on bytes was reached");
  bytes_ = bytes;
}

void Inspector::look_after_drain() {
  look();
  for (const auto& executor : runtime_.executors()) {
    executor->visit_queued([&](std::span<const TreeRef> refs, std::uint32_t task) {
      if (!refs.empty())
        fault_("after the drain " + std::to_string(refs.size()) + " tuples wait for " +
               Runtime::label(runtime_.task(task)));
    });
  }
  for (const SpoutRunner* spout : runtime_.spouts())
    if (const auto left = spout->task().roots.in_flight(); left != 0)
      fault_("after the drain " + std::to_string(left) + " messages of " +
             Runtime::label(spout->task()) + " are in flight");
  runtime_.ledger().visit_joints([&](TreeRef, std::uint32_t count, const auto&) {
    fault_("after the drain a joint is still held " + std::to_string(count) + " times");
  });
}

}  // namespace bora::internal
