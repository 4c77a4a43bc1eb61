#include "support/memory_broker.hpp"

#include <algorithm>

#include "bora/check.hpp"
#include "bora/stable_hash.hpp"

namespace bora::test {

namespace {
using Lock = std::lock_guard<std::recursive_mutex>;
}  // namespace

void MemoryBroker::create_topic(const std::string& name, std::uint32_t partitions) {
  const Lock lock(mutex_);
  topics_[name].partitions.resize(partitions);
}

bool MemoryBroker::has_topic(std::string_view name) const {
  const Lock lock(mutex_);
  return topics_.find(name) != topics_.end();
}

MemoryBroker::Topic& MemoryBroker::topic(std::string_view name) {
  const auto found = topics_.find(name);
  BORA_CHECK(found != topics_.end(), "a test uses a topic that it did not create");
  return found->second;
}
const MemoryBroker::Topic& MemoryBroker::topic(std::string_view name) const {
  const auto found = topics_.find(name);
  BORA_CHECK(found != topics_.end(), "a test uses a topic that it did not create");
  return found->second;
}

std::int64_t MemoryBroker::append(std::string_view name, std::uint32_t partition, Record record,
                                  std::int64_t gap) {
  const Lock lock(mutex_);
  Partition& into = topic(name).partitions.at(partition);
  const std::int64_t offset = into.next_offset + gap;
  into.records.push_back({offset, std::move(record)});
  into.next_offset = offset + 1;
  wake_readers(name);
  return offset;
}

std::pair<std::uint32_t, std::int64_t> MemoryBroker::append(std::string_view name, Record record) {
  const Lock lock(mutex_);
  const auto partitions = static_cast<std::uint32_t>(topic(name).partitions.size());
  const auto partition =
      record.key ? static_cast<std::uint32_t>(stable_hash(*record.key) % partitions) : 0;
  return {partition, append(name, partition, std::move(record))};
}

void MemoryBroker::erase(std::string_view name, std::uint32_t partition, std::int64_t offset) {
  const Lock lock(mutex_);
  std::erase_if(topic(name).partitions.at(partition).records,
                [offset](const Stored& stored) { return stored.offset == offset; });
}

std::vector<MemoryBroker::Stored> MemoryBroker::records(std::string_view name,
                                                        std::uint32_t partition) const {
  const Lock lock(mutex_);
  return topic(name).partitions.at(partition).records;
}

std::vector<MemoryBroker::Stored> MemoryBroker::records(std::string_view name) const {
  const Lock lock(mutex_);
  std::vector<Stored> all;
  for (const Partition& partition : topic(name).partitions) {
    all.insert(all.end(), partition.records.begin(), partition.records.end());
  }
  return all;
}

std::vector<Record> MemoryBroker::fresh_records(std::string_view name,
                                                std::vector<std::int64_t>& seen) const {
  const Lock lock(mutex_);
  const auto& partitions = topic(name).partitions;
  seen.resize(partitions.size());
  std::vector<Record> fresh;
  for (std::size_t p = 0; p < partitions.size(); ++p) {
    const auto& records = partitions[p].records;
    auto at = records.end();
    while (at != records.begin() && (at - 1)->offset >= seen[p])
      --at;
    for (; at != records.end(); ++at)
      fresh.push_back(at->record);
    seen[p] = partitions[p].next_offset;
  }
  return fresh;
}

std::int64_t MemoryBroker::committed(std::string_view group_name, std::string_view topic_name,
                                     std::uint32_t partition) const {
  const Lock lock(mutex_);
  const auto found = groups_.find({std::string{group_name}, std::string{topic_name}});
  return found == groups_.end() ? 0 : found->second.shares.at(partition).committed;
}

std::vector<MemoryBroker::CommitSeen> MemoryBroker::commits() const {
  const Lock lock(mutex_);
  return commits_;
}

std::uint64_t MemoryBroker::ignored_commits() const {
  const Lock lock(mutex_);
  return ignored_commits_;
}

MemoryBroker::Group& MemoryBroker::group(std::string_view group_name, std::string_view topic_name) {
  Group& found = groups_[{std::string{group_name}, std::string{topic_name}}];
  found.shares.resize(topic(topic_name).partitions.size());
  return found;
}

void MemoryBroker::spread(Group& group) {
  for (std::size_t p = 0; p < group.shares.size(); ++p) {
    group.shares[p].wanted = group.members.empty() ? 0 : group.members[p % group.members.size()];
  }
  for (const auto& wake : group.wakes)
    wake();
}

MemoryBroker::MemberId MemoryBroker::join(std::string_view group_name, std::string_view topic_name,
                                          std::function<void()> wake) {
  const Lock lock(mutex_);
  Group& joined = group(group_name, topic_name);
  joined.members.push_back(++last_member_);
  joined.wakes.push_back(std::move(wake));
  spread(joined);
  return last_member_;
}

void MemoryBroker::leave(std::string_view group_name, std::string_view topic_name,
                         MemberId member) {
  const Lock lock(mutex_);
  Group& left = group(group_name, topic_name);
  const auto found = std::find(left.members.begin(), left.members.end(), member);
  if (found == left.members.end()) return;  // a crash ended it already
  left.wakes.erase(left.wakes.begin() + (found - left.members.begin()));
  left.members.erase(found);
  for (Share& share : left.shares) {
    if (share.owner != member) continue;
    share.owner = 0;
    ++share.generation;
  }
  spread(left);
}

void MemoryBroker::crash() {
  const Lock lock(mutex_);
  for (auto& [name, group] : groups_) {
    group.members.clear();
    group.wakes.clear();
    for (Share& share : group.shares) {
      share.owner = 0;
      share.wanted = 0;
      ++share.generation;
    }
  }
}

void MemoryBroker::take_away(std::string_view group_name, std::string_view topic_name,
                             std::uint32_t partition) {
  const Lock lock(mutex_);
  Group& of = group(group_name, topic_name);
  Share& share = of.shares.at(partition);
  move_on(group_name, topic_name, partition);
  share.owner = 0;
  ++share.generation;
  for (const auto& wake : of.wakes)
    wake();
}

void MemoryBroker::move_on(std::string_view group_name, std::string_view topic_name,
                           std::uint32_t partition) {
  const Lock lock(mutex_);
  Group& of = group(group_name, topic_name);
  if (of.members.empty()) return;
  Share& share = of.shares.at(partition);
  const auto at = std::find(of.members.begin(), of.members.end(), share.wanted);
  const auto index = static_cast<std::size_t>(at - of.members.begin());
  share.wanted = of.members[(index + 1) % of.members.size()];
  for (const auto& wake : of.wakes)
    wake();
}

void MemoryBroker::wake_readers(std::string_view topic_name) {
  for (auto& [names, group] : groups_) {
    if (names.second != topic_name) continue;
    for (const auto& wake : group.wakes)
      wake();
  }
}

}  // namespace bora::test
