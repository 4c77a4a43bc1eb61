#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"

namespace bora::testing {

/// Calls `done` until it says true, resting a little in between. False when that took too long.
inline bool eventually(const std::function<bool()>& done,
                       std::chrono::seconds patience = std::chrono::seconds{30}) {
  const SystemClock clock;
  const Instant give_up = clock.now() + patience;
  while (!done()) {
    if (clock.now() >= give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

/// Waits for the outcome of everything that is in the sink, appending `records` first. Returns how many
/// were delivered.
inline std::size_t deliver(RecordSink& sink, const std::string& topic,
                           std::vector<Record> records) {
  std::vector<RecordSink::Delivery> deliveries;
  std::size_t appended = 0;
  for (Record& record : records) {
    // Full: let it work.
    const bool taken = eventually([&] {
      sink.poll(deliveries);
      return sink.append(topic, record, appended).is_ok();
    });
    if (taken) ++appended;
  }
  eventually([&] {
    sink.flush(std::chrono::seconds{1}).ignore("the outcomes say it");
    sink.poll(deliveries);
    return deliveries.size() >= appended;
  });
  std::size_t delivered = 0;
  for (const RecordSink::Delivery& one : deliveries)
    if (one.status) ++delivered;
  return delivered;
}

/// The user of a source: keeps what it returns, commits when told to, and remembers the assignments.
///
/// Threads: single-owner.
class SourceProbe final : private AssignmentListener {
 public:
  enum class OnRevoke : std::uint8_t { kForget, kCommit };

  explicit SourceProbe(std::unique_ptr<RecordSource> source, OnRevoke on_revoke = OnRevoke::kForget)
      : source_(std::move(source)), on_revoke_(on_revoke) {}

  Status open(std::function<void()> wake = [] {}) { return source_->open(*this, std::move(wake)); }
  /// One poll; an error is kept in last_error() and counts as nothing.
  std::size_t poll(std::size_t max = 1'000) {
    const Result<std::size_t> polled = source_->poll(max, records_);
    if (!polled) last_error_ = polled.status();
    for (; seen_ < records_.size(); ++seen_) {
      const RecordPosition& at = records_[seen_].position;
      const auto found = assigned_.find(at.partition);
      if (found == assigned_.end() || found->second.epoch != at.epoch) {
        ++strays_;
        continue;
      }
      if (at.offset < found->second.next) ++repeats_;
      found->second.next = at.offset + 1;
    }
    return polled ? *polled : 0;
  }
  /// True once `count` records came in all.
  bool poll_until(std::size_t count) {
    return eventually([&] {
      if (records_.size() < count) poll();
      return records_.size() >= count;
    });
  }
  /// True once it owns as many partitions.
  bool poll_until_owns(std::size_t count) {
    return eventually([&] {
      poll();
      return assigned_.size() == count;
    });
  }
  /// Everything that was returned is done.
  Status commit_all() {
    std::vector<CommitRequest> requests;
    for (const auto& [partition, one] : assigned_)
      requests.push_back({partition, one.epoch, one.next});
    return source_->commit(requests);
  }
  Status commit(const CommitRequest& request) { return source_->commit({&request, 1}); }
  void close() { source_->close(); }
  /// As a process that dies: nobody is told.
  void drop() { source_.reset(); }

  struct Owned {
    std::uint32_t epoch = 0;
    std::int64_t next = 0;
  };
  [[nodiscard]] RecordSource& source() { return *source_; }
  [[nodiscard]] const std::vector<SourceRecord>& records() const { return records_; }
  [[nodiscard]] const std::map<std::uint32_t, Owned>& owned() const { return assigned_; }
  [[nodiscard]] const Status& last_error() const { return last_error_; }
  [[nodiscard]] std::size_t lost() const { return lost_; }
  [[nodiscard]] std::size_t revoked() const { return revoked_; }
  /// Records of partitions or epochs that it was not told to own.
  [[nodiscard]] std::size_t strays() const { return strays_; }
  /// Records that came out of order within an assignment.
  [[nodiscard]] std::size_t repeats() const { return repeats_; }
  std::function<void()> on_assignment = [] {};

 private:
  void on_assigned(std::uint32_t partition, std::uint32_t epoch,
                   std::int64_t next_offset) override {
    assigned_[partition] = {epoch, next_offset};
    on_assignment();
  }
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) override {
    const auto found = assigned_.find(partition);
    if (found == assigned_.end() || found->second.epoch != epoch) return;
    ++(how == Leave::kLost ? lost_ : revoked_);
    if (how == Leave::kRevoked && on_revoke_ == OnRevoke::kCommit)
      last_error_ = commit({partition, epoch, found->second.next});
    assigned_.erase(found);
  }

  std::unique_ptr<RecordSource> source_;
  OnRevoke on_revoke_;
  std::vector<SourceRecord> records_;
  std::size_t seen_ = 0;
  std::map<std::uint32_t, Owned> assigned_;
  Status last_error_;
  std::size_t lost_ = 0;
  std::size_t revoked_ = 0;
  std::size_t strays_ = 0;
  std::size_t repeats_ = 0;
};

}  // namespace bora::testing
