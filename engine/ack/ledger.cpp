#include "engine/ack/ledger.hpp"

#include <bit>
#include <utility>

#include "bora/check.hpp"
#include "bora/spout.hpp"

namespace bora::internal {

Ledger::Ledger(std::uint32_t owners, std::uint32_t trees) {
  // +1: base() begins at 1.
  shift_ = static_cast<std::uint32_t>(std::bit_width(trees + 1));
  const std::uint64_t total = static_cast<std::uint64_t>(owners == 0 ? 1 : owners) << shift_;
  BORA_CHECK(total < kJointBit, "more trees in flight than a tree reference can name");
  counts_ = std::make_unique<std::atomic<std::uint32_t>[]>(total);
  holders_ = std::make_unique<std::atomic<std::uint32_t>[]>(total);
  for (std::uint64_t i = 0; i < total; ++i)
    counts_[i].store(1, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < owners; ++i)
    arrivals_.push_back(std::make_unique<Arrivals>());
}

void Ledger::set_owner(std::uint32_t owner, TreeOwner& notified, const RootTable& roots) {
  arrivals_[owner]->notified = &notified;
  arrivals_[owner]->roots = &roots;
}

MessageId Ledger::fail_tree(TreeRef ref, const Failure& failure) {
  Arrivals& owner = *arrivals_[ref >> shift_];
  const MessageId id = owner.roots->slots[ref - base(ref >> shift_)].id;
  const std::uint32_t before = counts_[ref].fetch_or(kFailedBit, std::memory_order_acq_rel);
  if ((before & kFailedBit) != 0) return id;  // the first reason stays
  const std::lock_guard lock(owner.mutex);
  owner.failed.push_back({ref, failure});
  owner.failed.back().failure.id = id;
  owner.any.store(true, std::memory_order_release);  // partner: has_arrivals
  return id;
}

MessageId Ledger::fail(TreeRef ref, Failure failure) {
  MessageId first;
  bool is_first = true;
  for (TreeRef tree : trees_of(ref)) {
    const MessageId id = fail_tree(tree, failure);
    if (std::exchange(is_first, false)) first = id;
  }
  return first;
}

bool Ledger::release_count(TreeRef ref) noexcept {
  // acq_rel: releases this holder's effects, acquires those of the holders before.
  return (counts_[ref].fetch_sub(1, std::memory_order_acq_rel) & kCountMask) == 1;
}

void Ledger::arrive(TreeRef ref) {
  Arrivals& owner = *arrivals_[ref >> shift_];
  {
    const std::lock_guard lock(owner.mutex);
    owner.completed.push_back(ref);
    owner.any.store(true, std::memory_order_seq_cst);
  }
  owner.notified->notify();
}

void Ledger::release_foreign(TreeRef ref) {
  const std::lock_guard lock(close_mutex_);
  if (!closed_) release_open(ref);
}

void Ledger::fail_foreign(TreeRef ref, FailureKind kind, std::string reason, std::uint32_t task) {
  const std::lock_guard lock(close_mutex_);
  if (closed_) return;
  Failure failure = names_(task);
  failure.kind = kind;
  failure.reason = std::move(reason);
  fail(ref, std::move(failure));
  release_open(ref);
}

void Ledger::release_open(TreeRef ref) {
  if ((ref & kJointBit) != 0) {
    for (TreeRef part : release_joint(ref))
      release_open(part);
  } else if (release_count(ref)) {
    arrive(ref);
  }
}

TreeRef Ledger::make_joint(std::vector<TreeRef> trees) {
  const std::lock_guard lock(joints_mutex_);
  std::uint32_t index = 0;
  if (free_joints_.empty()) {
    index = static_cast<std::uint32_t>(joints_.size());
    joints_.emplace_back();
  } else {
    index = free_joints_.back();
    free_joints_.pop_back();
  }
  joints_[index].count = 1;
  joints_[index].trees = std::move(trees);
  return kJointBit | index;
}

void Ledger::raise_joint(TreeRef joint) {
  const std::lock_guard lock(joints_mutex_);
  ++joints_[joint & ~kJointBit].count;
}

std::vector<TreeRef> Ledger::release_joint(TreeRef joint) {
  const std::lock_guard lock(joints_mutex_);
  Joint& j = joints_[joint & ~kJointBit];
  BORA_CHECK(j.count > 0, "a joint was released more often than it was held");
  if (--j.count > 0) return {};
  free_joints_.push_back(joint & ~kJointBit);
  return std::exchange(j.trees, {});
}

std::vector<TreeRef> Ledger::trees_of(TreeRef ref) const {
  if (ref == kUntracked) return {};
  if ((ref & kJointBit) == 0) return {ref};
  const std::lock_guard lock(joints_mutex_);
  std::vector<TreeRef> trees;
  std::vector<TreeRef> open{ref};  // a joint may join joints
  while (!open.empty()) {
    const TreeRef part = open.back();
    open.pop_back();
    if ((part & kJointBit) == 0) {
      trees.push_back(part);
    } else {
      const auto& parts = joints_[part & ~kJointBit].trees;
      open.insert(open.end(), parts.begin(), parts.end());
    }
  }
  return trees;
}

void Ledger::visit_joints(
    const std::function<void(TreeRef, std::uint32_t, const std::vector<TreeRef>&)>& visit) const {
  const std::lock_guard lock(joints_mutex_);
  for (std::uint32_t i = 0; i < joints_.size(); ++i)
    if (joints_[i].count != 0) visit(kJointBit | i, joints_[i].count, joints_[i].trees);
}

bool Ledger::has_arrivals(std::uint32_t owner) const noexcept {
  return arrivals_[owner]->any.load(std::memory_order_seq_cst);
}

void Ledger::take_arrivals(std::uint32_t owner, std::vector<FailedTree>& failed,
                           std::vector<TreeRef>& completed) {
  Arrivals& a = *arrivals_[owner];
  // acquire: a tree that was seen complete has its failure here already, put there before its release.
  if (!a.any.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(a.mutex);
  a.any.store(false, std::memory_order_relaxed);
  for (FailedTree& f : a.failed)
    failed.push_back(std::move(f));
  completed.insert(completed.end(), a.completed.begin(), a.completed.end());
  a.failed.clear();
  a.completed.clear();
}

void Ledger::set_holder(TreeRef ref, std::uint32_t task, std::uint32_t patience) {
  any_held_.store(true, std::memory_order_relaxed);
  const auto set = [&](TreeRef tree) {
    holders_[tree].store((task + 1) | patience, std::memory_order_relaxed);
  };
  if ((ref & kJointBit) == 0) return set(ref);
  for (const TreeRef tree : trees_of(ref))
    set(tree);
}

std::uint32_t Ledger::holder(TreeRef ref) const noexcept {
  return holders_[ref].load(std::memory_order_relaxed);
}

void Ledger::close() noexcept {
  const std::lock_guard lock(close_mutex_);
  closed_ = true;
}

}  // namespace bora::internal
