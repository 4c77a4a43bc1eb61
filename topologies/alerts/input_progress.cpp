#include "topologies/alerts/input_progress.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bora::alerts {

using namespace std::chrono_literals;

namespace {
// A process that polls no more for so long stood still, and what it knows of its source is old.
constexpr std::chrono::nanoseconds kLongestPause = 30s;
// The wall clock and the monotonic one may drift apart by so much between two polls.
constexpr std::chrono::nanoseconds kLargestDrift = 5s;
// Marks of one partition are this far apart, and so many at most.
constexpr std::chrono::milliseconds kMarkEvery{500};
constexpr std::size_t kMostMarks = 1'024;
}  // namespace

std::optional<InputProgress::Done> InputProgress::done(Instant now,
                                                       std::chrono::nanoseconds settle) const {
  const std::lock_guard lock{mutex_};
  if (partitions_.empty() || !disturbed_at_ || now - *disturbed_at_ < settle) return std::nullopt;
  Done done{.until = WallTime::max(), .partitions = {}, .assignments = assignments_};
  for (const auto& [number, partition] : partitions_) {
    if (!partition.until) return std::nullopt;
    done.until = std::min(done.until, *partition.until);
    done.partitions.insert(number);
  }
  return done;
}

void InputProgress::assigned(std::uint32_t partition, std::int64_t next, Instant now) {
  const std::lock_guard lock{mutex_};
  partitions_.insert_or_assign(
      partition,
      Partition{.read_next = next, .committed_next = next, .until = std::nullopt, .marks = {}});
  ++assignments_;
  disturbed_at_ = now;
}

void InputProgress::revoked(std::uint32_t partition) {
  const std::lock_guard lock{mutex_};
  partitions_.erase(partition);
}

void InputProgress::disturbed(Instant now) {
  const std::lock_guard lock{mutex_};
  disturbed_at_ = now;
  // What was said of a moment before may rest on a clock that was wrong.
  for (auto& [number, partition] : partitions_) {
    partition.marks.clear();
    partition.until.reset();
  }
}

void InputProgress::add_mark(Partition& partition, Mark mark) {
  if (partition.committed_next >= mark.next) {
    partition.until = std::max(partition.until.value_or(mark.until), mark.until);
    return;
  }
  auto& marks = partition.marks;
  if (!marks.empty() && mark.until < marks.back().until + kMarkEvery) return;
  if (marks.size() < kMostMarks) marks.push_back(mark);
}

void InputProgress::read(const RecordPosition& position, WallTime timestamp) {
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find(position.partition);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.read_next = std::max(partition.read_next, position.offset + 1);
  add_mark(partition, {position.offset + 1, timestamp});
}

void InputProgress::read_all(const std::set<std::uint32_t>& partitions, WallTime at) {
  const std::lock_guard lock{mutex_};
  for (const std::uint32_t number : partitions) {
    const auto found = partitions_.find(number);
    if (found != partitions_.end()) add_mark(found->second, {found->second.read_next, at});
  }
}

void InputProgress::committed(std::uint32_t number, std::int64_t next) {
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find(number);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.committed_next = std::max(partition.committed_next, next);
  auto& marks = partition.marks;
  while (!marks.empty() && marks.front().next <= partition.committed_next) {
    const WallTime until = marks.front().until;
    partition.until = std::max(partition.until.value_or(until), until);
    marks.pop_front();
  }
}

namespace {

class WatchedSource final : public RecordSource, private AssignmentListener {
 public:
  WatchedSource(std::unique_ptr<RecordSource> source, const Clock& clock, InputProgress& progress)
      : source_(std::move(source)), clock_(clock), progress_(progress) {}
  ~WatchedSource() override { forget_all(); }

  std::string_view topic() const noexcept override { return source_->topic(); }

  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    listener_ = &listener;
    return source_->open(*this, std::move(wake));
  }

  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    watch_clocks();
    const std::size_t before = out.size();
    auto polled = source_->poll(max, out);
    if (!polled) {
      progress_.disturbed(clock_.now());
      return polled;
    }
    for (std::size_t i = before; i < out.size(); ++i)
      progress_.read(out[i].position, out[i].record.timestamp);
    if (out.size() == before && !is_paused_ && max > 0 && source_->lag().value_or(0) == 0)
      progress_.read_all(mine_, clock_.wall_now());
    return polled;
  }

  void pause() override {
    is_paused_ = true;
    source_->pause();
  }
  void resume() override {
    is_paused_ = false;
    source_->resume();
  }

  Status commit(std::span<const CommitRequest> requests) override {
    Status done = source_->commit(requests);
    if (!done) return done;
    for (const CommitRequest& each : requests)
      progress_.committed(each.partition, each.next_offset);
    return done;
  }
  std::optional<std::uint64_t> lag() const override { return source_->lag(); }
  std::vector<PartitionLag> partition_lags() const override { return source_->partition_lags(); }
  void close() override {
    source_->close();
    forget_all();
  }

 private:
  void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t next) override {
    mine_.insert(partition);
    progress_.assigned(partition, next, clock_.now());
    listener_->on_assigned(partition, epoch, next);
  }
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) override {
    listener_->on_revoked(partition, epoch, how);
    mine_.erase(partition);
    progress_.revoked(partition);
  }

  void watch_clocks() {
    const Instant now = clock_.now();
    const auto ahead = clock_.wall_now().time_since_epoch() - now.time_since_epoch();
    const bool stood_still = polled_at_ && now - *polled_at_ > kLongestPause;
    const auto drift = ahead - ahead_;
    const bool jumped = polled_at_ && (drift > kLargestDrift || drift < -kLargestDrift);
    if (stood_still || jumped) progress_.disturbed(now);
    if (!polled_at_ || jumped) ahead_ = ahead;
    polled_at_ = now;
  }
  void forget_all() {
    for (const std::uint32_t partition : mine_)
      progress_.revoked(partition);
    mine_.clear();
  }

  const std::unique_ptr<RecordSource> source_;
  const Clock& clock_;
  InputProgress& progress_;
  AssignmentListener* listener_ = nullptr;
  std::set<std::uint32_t> mine_;
  bool is_paused_ = false;
  std::optional<Instant> polled_at_;
  std::chrono::nanoseconds ahead_{};  // of the wall clock, when it was last believed
};

}  // namespace

std::unique_ptr<RecordSource> watch(std::unique_ptr<RecordSource> source, const Clock& clock,
                                    InputProgress& progress) {
  return std::make_unique<WatchedSource>(std::move(source), clock, progress);
}

}  // namespace bora::alerts
