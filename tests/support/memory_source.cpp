#include "support/memory_source.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bora/check.hpp"

namespace bora::test {

namespace {
using Lock = std::lock_guard<std::recursive_mutex>;
constexpr std::uint64_t kLongestOutage = 5;  // polls
}  // namespace

MemorySource::MemorySource(MemoryBroker& broker, MemorySourceOptions options)
    : broker_(broker), options_(std::move(options)), dice_(options_.seed) {}

MemorySource::~MemorySource() {
  if (member_ != 0) broker_.leave(options_.group, options_.topic, member_);
}

Status MemorySource::open(AssignmentListener& listener, std::function<void()> wake) {
  BORA_CHECK(member_ == 0, "a source was opened twice");
  listener_ = &listener;
  member_ = broker_.join(options_.group, options_.topic, std::move(wake));
  return {};
}

Result<std::size_t> MemorySource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  BORA_CHECK(member_ != 0, "poll() of a source that is not open");
  const Lock lock(broker_.mutex_);
  ++polls_;
  if (failing_polls_ == 0 && dice_.happens(options_.faults.unavailable)) {
    failing_polls_ = 1 + static_cast<std::uint32_t>(dice_.below(kLongestOutage));
  }
  if (failing_polls_ > 0) {
    --failing_polls_;
    return Error{ErrorKind::kUnavailable, "the broker of this test is away"};
  }
  settle_assignments();
  cause_faults();
  if (is_paused_) return std::size_t{0};

  if (max > 1 && dice_.happens(options_.faults.short_poll)) max = 1 + dice_.below(max - 1);
  const std::size_t before = out.size();
  for (auto& [partition, from] : assigned_) {
    if (out.size() - before < max && from.last && dice_.happens(options_.faults.repeat)) {
      out.push_back(*from.last);
    }
    read(partition, from, max - (out.size() - before), out);
  }
  return out.size() - before;
}

std::size_t MemorySource::read(std::uint32_t partition, Assigned& from, std::size_t max,
                               std::vector<SourceRecord>& out) {
  const auto& records = broker_.topic(options_.topic).partitions[partition].records;
  auto it = std::lower_bound(records.begin(), records.end(), from.next_offset,
                             [](const MemoryBroker::Stored& stored, std::int64_t offset) {
                               return stored.offset < offset;
                             });
  std::size_t taken = 0;
  for (; it != records.end() && taken < max; ++it, ++taken) {
    out.push_back({{partition, it->offset, from.epoch}, it->record});
    from.next_offset = it->offset + 1;
    if (options_.faults.repeat > 0) from.last = out.back();
  }
  return taken;
}

void MemorySource::settle_assignments() {
  auto& shares = broker_.group(options_.group, options_.topic).shares;
  for (std::uint32_t p = 0; p < shares.size(); ++p) {
    const auto mine = assigned_.find(p);
    if (mine == assigned_.end()) continue;
    const bool is_owner =
        shares[p].owner == member_ && shares[p].generation == mine->second.generation;
    if (!is_owner) {
      let_go(p, AssignmentListener::Leave::kLost);
    } else if (shares[p].wanted != member_) {
      let_go(p, AssignmentListener::Leave::kRevoked);
    }
  }
  for (std::uint32_t p = 0; p < shares.size(); ++p) {
    MemoryBroker::Share& share = shares[p];
    if (share.owner != 0 || share.wanted != member_ || assigned_.count(p) != 0) continue;
    share.owner = member_;
    const std::uint32_t epoch = ++epochs_[p];
    assigned_[p] = {epoch, ++share.generation, share.committed, std::nullopt};
    listener_->on_assigned(p, epoch, share.committed);
  }
}

void MemorySource::cause_faults() {
  if (assigned_.empty()) return;
  const auto any = [this] {
    const auto at = static_cast<std::ptrdiff_t>(dice_.below(assigned_.size()));
    return std::next(assigned_.begin(), at)->first;
  };
  if (dice_.happens(options_.faults.revoke)) {
    const std::uint32_t partition = any();
    broker_.move_on(options_.group, options_.topic, partition);
    let_go(partition, AssignmentListener::Leave::kRevoked);
  }
  if (!assigned_.empty() && dice_.happens(options_.faults.lose)) {
    const std::uint32_t partition = any();
    broker_.take_away(options_.group, options_.topic, partition);
    let_go(partition, AssignmentListener::Leave::kLost);
  }
}

/// The listener is told first: what it commits meanwhile counts, unless the partition is lost.
void MemorySource::let_go(std::uint32_t partition, AssignmentListener::Leave how) {
  const std::uint32_t epoch = assigned_.at(partition).epoch;
  const std::uint64_t generation = assigned_.at(partition).generation;
  listener_->on_revoked(partition, epoch, how);
  assigned_.erase(partition);
  MemoryBroker::Share& share = broker_.group(options_.group, options_.topic).shares[partition];
  if (share.owner != member_ || share.generation != generation) return;
  share.owner = 0;
  ++share.generation;
}

Status MemorySource::commit(std::span<const CommitRequest> requests) {
  const Lock lock(broker_.mutex_);
  if (failing_commits_ > 0 || dice_.happens(options_.faults.commit_unavailable)) {
    if (failing_commits_ > 0) --failing_commits_;
    return {ErrorKind::kUnavailable, "the broker of this test takes no commits now"};
  }
  auto& shares = broker_.group(options_.group, options_.topic).shares;
  for (const CommitRequest& request : requests) {
    const auto mine = assigned_.find(request.partition);
    MemoryBroker::Share& share = shares.at(request.partition);
    if (mine == assigned_.end() || mine->second.epoch != request.epoch || share.owner != member_ ||
        share.generation != mine->second.generation) {
      ++broker_.ignored_commits_;
      continue;
    }
    share.committed = request.next_offset;
    broker_.commits_.push_back({options_.group, options_.topic, request});
  }
  return {};
}

std::optional<std::uint64_t> MemorySource::lag() const {
  const Lock lock(broker_.mutex_);
  std::uint64_t unread = 0;
  for (const PartitionLag& lag : lags())
    unread += lag.records;
  return unread;
}

std::vector<PartitionLag> MemorySource::partition_lags() const {
  const Lock lock(broker_.mutex_);
  return lags();
}

std::vector<PartitionLag> MemorySource::lags() const {
  std::vector<PartitionLag> lags;
  for (const auto& [partition, from] : assigned_) {
    PartitionLag& lag = lags.emplace_back(PartitionLag{partition, 0});
    for (const auto& stored : broker_.topic(options_.topic).partitions[partition].records) {
      if (stored.offset >= from.next_offset) ++lag.records;
    }
  }
  return lags;
}

void MemorySource::close() {
  if (member_ == 0) return;
  const Lock lock(broker_.mutex_);
  const auto& shares = broker_.group(options_.group, options_.topic).shares;
  while (!assigned_.empty()) {
    const auto& [partition, mine] = *assigned_.begin();
    const bool is_owner =
        shares[partition].owner == member_ && shares[partition].generation == mine.generation;
    let_go(partition,
           is_owner ? AssignmentListener::Leave::kRevoked : AssignmentListener::Leave::kLost);
  }
  broker_.leave(options_.group, options_.topic, member_);
  member_ = 0;
}

}  // namespace bora::test
