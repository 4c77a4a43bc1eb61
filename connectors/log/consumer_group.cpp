#include "connectors/log/consumer_group.hpp"

#include <algorithm>
#include <utility>

#include "bora/check.hpp"

namespace bora::log {

ConsumerGroup::ConsumerGroup(Topic& topic, std::string name, LogStore& store)
    : topic_(topic), name_(std::move(name)), store_(store), slots_(topic.partitions()) {}

MemberId ConsumerGroup::join(Waiter& waiter) {
  const std::lock_guard lock{mutex_};
  const MemberId id = next_member_++;
  members_.push_back({id, &waiter});
  reassign();
  return id;
}

void ConsumerGroup::leave(MemberId member) {
  const std::lock_guard lock{mutex_};
  members_.erase(std::remove_if(members_.begin(), members_.end(),
                                [&](const Member& other) { return other.id == member; }),
                 members_.end());
  for (Slot& slot : slots_)
    if (slot.owner == member) slot.owner.reset();
  reassign();
}

std::vector<ConsumerGroup::Owned> ConsumerGroup::owned_where(MemberId member,
                                                             bool only_leaving) const {
  const std::lock_guard lock{mutex_};
  std::vector<Owned> found;
  for (std::uint32_t p = 0; p < slots_.size(); ++p)
    if (slots_[p].owner == member && !(only_leaving && slots_[p].target == member))
      found.push_back({p, slots_[p].epoch});
  return found;
}

std::vector<ConsumerGroup::Owned> ConsumerGroup::to_give_up(MemberId member) const {
  return owned_where(member, /*only_leaving=*/true);
}

std::vector<ConsumerGroup::Owned> ConsumerGroup::owned(MemberId member) const {
  return owned_where(member, /*only_leaving=*/false);
}

void ConsumerGroup::give_up(MemberId member, std::uint32_t partition) {
  const std::lock_guard lock{mutex_};
  Slot& slot = slots_.at(partition);
  BORA_CHECK(slot.owner == member, "giving up a partition of another member");
  slot.owner.reset();
  announce();
}

std::vector<ConsumerGroup::Owned> ConsumerGroup::take(MemberId member) {
  const std::lock_guard lock{mutex_};
  std::vector<Owned> taken;
  for (std::uint32_t p = 0; p < slots_.size(); ++p) {
    Slot& slot = slots_[p];
    if (slot.owner || slot.target != member) continue;
    slot.owner = member;
    taken.push_back({p, ++slot.epoch});
  }
  return taken;
}

bool ConsumerGroup::owns(MemberId member, std::uint32_t partition, std::uint32_t epoch) const {
  const std::lock_guard lock{mutex_};
  return partition < slots_.size() && slots_[partition].owner == member &&
         slots_[partition].epoch == epoch;
}

std::optional<std::int64_t> ConsumerGroup::committed(std::uint32_t partition) const {
  const std::lock_guard lock{mutex_};
  return slots_.at(partition).committed;
}

void ConsumerGroup::restore_committed(std::uint32_t partition, std::int64_t next_offset) {
  const std::lock_guard lock{mutex_};
  slots_.at(partition).committed = next_offset;
}

Status ConsumerGroup::commit(std::span<const PartitionOffset> offsets) {
  if (offsets.empty()) return {};
  // Not under the mutex: the write may wait for a sync. Only the owner commits a partition, so nobody
  // else changes these slots meanwhile.
  if (Status saved = store_.save_commits(topic_.id(), name_, offsets); !saved) return saved;
  const std::lock_guard lock{mutex_};
  for (const PartitionOffset& offset : offsets)
    slots_.at(offset.partition).committed = offset.next_offset;
  return {};
}

Status ConsumerGroup::begin_at_end() {
  const std::lock_guard one_at_a_time{begin_mutex_};
  std::vector<PartitionOffset> ends;
  for (std::uint32_t p = 0; p < topic_.partitions(); ++p)
    if (!committed(p)) ends.push_back({p, topic_.partition(p).end()});
  return commit(ends);
}

std::uint32_t ConsumerGroup::members() const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::uint32_t>(members_.size());
}

void ConsumerGroup::reassign() {
  std::vector<MemberId> ids;
  for (const Member& member : members_)
    ids.push_back(member.id);
  std::vector<std::optional<MemberId>> targets;
  for (const Slot& slot : slots_)
    targets.push_back(slot.target);
  targets = assign_partitions(ids, targets);
  for (std::size_t p = 0; p < slots_.size(); ++p)
    slots_[p].target = targets[p];
  announce();
}

void ConsumerGroup::announce() {
  changes_.fetch_add(1);
  for (const Member& member : members_)
    member.waiter->wake();
}

}  // namespace bora::log
