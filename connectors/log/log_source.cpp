#include "connectors/log/log_source.hpp"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "connectors/log/assigned_partitions.hpp"
#include "connectors/log/consumer_group.hpp"
#include "connectors/log/topic_log.hpp"
#include "connectors/log/topic_log_core.hpp"

namespace bora::log {

/// The state of a source that is open: its place in the group and its readers.
///
/// Threads: the source's.
class SourceMembership {
 public:
  SourceMembership(LogStore& store, ConsumerGroup& group, AssignmentListener& listener,
                   std::function<void()> wake, std::atomic<std::uint64_t>& skipped)
      : group_(group),
        listener_(listener),
        skipped_(skipped),
        waiter_(std::move(wake)),
        id_(group.join(waiter_)),
        assigned_(store, group.topic(), waiter_) {}

  ~SourceMembership() { group_.leave(id_); }
  SourceMembership(const SourceMembership&) = delete;
  SourceMembership& operator=(const SourceMembership&) = delete;

  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) {
    follow_group();
    if (is_paused_ || max == 0) return rest();
    const Result<std::size_t> taken = assigned_.poll(max, out);
    count_skipped(assigned_.skipped() - std::exchange(counted_skips_, assigned_.skipped()));
    return taken;
  }

  void pause() noexcept { is_paused_ = true; }
  void resume() noexcept { is_paused_ = false; }

  Status commit(std::span<const CommitRequest> requests) {
    std::vector<PartitionOffset> offsets;
    for (const CommitRequest& request : requests)
      if (group_.owns(id_, request.partition, request.epoch))
        offsets.push_back({request.partition, request.next_offset});
    return group_.commit(offsets);
  }

  void revoke_all() { revoke(group_.owned(id_)); }

  [[nodiscard]] const AssignedPartitions& assigned() const noexcept { return assigned_; }

 private:
  /// While paused appends wake nobody; changes of the group do.
  Result<std::size_t> rest() {
    waiter_.disarm();
    return std::size_t{0};
  }

  void follow_group() {
    const std::uint64_t changes = group_.changes();
    if (changes == seen_changes_) return;
    seen_changes_ = changes;
    revoke(group_.to_give_up(id_));
    for (const ConsumerGroup::Owned& owned : group_.take(id_))
      assign(owned);
  }

  void revoke(const std::vector<ConsumerGroup::Owned>& leaving) {
    for (const ConsumerGroup::Owned& owned : leaving) {
      listener_.on_revoked(owned.partition, owned.epoch, AssignmentListener::Leave::kRevoked);
      assigned_.remove(owned.partition);
      group_.give_up(id_, owned.partition);
    }
  }

  void assign(const ConsumerGroup::Owned& owned) {
    const Partition& partition = group_.topic().partition(owned.partition);
    const std::int64_t start = partition.start();
    std::int64_t next = group_.committed(owned.partition).value_or(start);
    if (next < start) {
      count_skipped(static_cast<std::uint64_t>(start - next));
      next = start;
    }
    // Only after a power loss under kUnsynced can a commit lie behind the end.
    next = std::min(next, partition.end());
    assigned_.add(owned.partition, owned.epoch, next);
    listener_.on_assigned(owned.partition, owned.epoch, next);
  }

  void count_skipped(std::uint64_t records) noexcept {
    if (records > 0) skipped_.fetch_add(records, std::memory_order_relaxed);
  }

  ConsumerGroup& group_;
  AssignmentListener& listener_;
  std::atomic<std::uint64_t>& skipped_;
  Waiter waiter_;
  const MemberId id_;
  AssignedPartitions assigned_;
  std::uint64_t seen_changes_ = 0;
  std::uint64_t counted_skips_ = 0;
  bool is_paused_ = false;
};

namespace {

Error not_open(const LogSourceOptions& options) {
  return {ErrorKind::kClosed, "could not use the source of topic " + options.topic + " in group " +
                                  options.group + ": it is not open"};
}

}  // namespace

LogSource::LogSource(TopicLog& log, LogSourceOptions options)
    : log_(log), options_(std::move(options)) {}

LogSource::~LogSource() = default;

std::string_view LogSource::topic() const noexcept { return options_.topic; }

Status LogSource::open(AssignmentListener& listener, std::function<void()> wake) {
  if (membership_ != nullptr)
    return {ErrorKind::kInvalid, "could not open the source of topic " + options_.topic +
                                     " in group " + options_.group + ": it is open already"};
  if (options_.group.empty())
    return {ErrorKind::kInvalid,
            "could not open the source of topic " + options_.topic + ": name its consumer group"};
  Result<Topic*> topic = log_.core().topic(options_.topic);
  if (!topic) return topic.status();
  ConsumerGroup& group = log_.core().group(**topic, options_.group);
  // Committed before the first record is read: a partition that moves before its first commit must
  // not begin at a newer end.
  if (options_.start == StartAt::kNewest)
    if (Status begun = group.begin_at_end(); !begun) return begun;
  membership_ = std::make_unique<SourceMembership>(log_.core().store(), group, listener,
                                                   std::move(wake), skipped_);
  return {};
}

Result<std::size_t> LogSource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  if (membership_ == nullptr) return not_open(options_);
  return membership_->poll(max, out);
}

void LogSource::pause() {
  if (membership_ != nullptr) membership_->pause();
}

void LogSource::resume() {
  if (membership_ != nullptr) membership_->resume();
}

Status LogSource::commit(std::span<const CommitRequest> requests) {
  if (membership_ == nullptr) return not_open(options_);
  return membership_->commit(requests);
}

std::optional<std::uint64_t> LogSource::lag() const {
  if (membership_ == nullptr) return std::nullopt;
  return membership_->assigned().lag();
}

std::vector<PartitionLag> LogSource::partition_lags() const {
  if (membership_ == nullptr) return {};
  return membership_->assigned().partition_lags();
}

std::uint64_t LogSource::skipped_records() const noexcept {
  return skipped_.load(std::memory_order_relaxed);  // a counter, orders nothing
}

void LogSource::close() {
  if (membership_ == nullptr) return;
  membership_->revoke_all();
  membership_.reset();
}

}  // namespace bora::log
