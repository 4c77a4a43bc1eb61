#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/failure.hpp"
#include "bora/message_id.hpp"
#include "bora/record.hpp"
#include "bora/retry_buffer.hpp"
#include "spouts/consumed_record.hpp"
#include "spouts/dead_letter_writer.hpp"
#include "spouts/held_records.hpp"
#include "spouts/offset_tracker.hpp"
#include "spouts/pump.hpp"
#include "spouts/record_spout_options.hpp"
#include "spouts/record_spout_stats.hpp"

namespace bora {

/// What a RecordSpout does, without the engine: takes records from a source, keeps each until it is
/// done, retries, writes dead letters, and commits up to where everything is done.
///
/// A record is in one of these states, and leaves the last one only by being done, by a revoke of its
/// partition, or by being left for replay while draining:
///   in flight -> waiting for a retry -> in flight ... -> being written to the dead letters
///
/// Invariants:
///  1. A record is done when it was acked or its dead letter was acknowledged; only then is its offset
///     finished in the tracker, and only what is finished is committed.
///  2. Every held record has an unfinished offset in the tracker, and its slot is that offset's cookie.
///  3. Completions and letters of an assignment that has ended change nothing but a counter.
///
/// Threads: single-owner; the thread that polls the source.
/// Lifetime: dies before the source and the sink.
class RecordPump final : public Pump, private AssignmentListener {
 public:
  struct Setup {
    RecordSource* source = nullptr;      ///< Not owned; not open yet.
    RecordSink* dead_letters = nullptr;  ///< Not owned; nobody else polls it.
    const Clock* clock = nullptr;        ///< Not owned.
    RecordSpoutStats* stats = nullptr;   ///< Not owned.
    RecordSpoutOptions options = {};
    std::string component = {};  ///< Named in dead letters for records that cannot be decoded.
    std::uint32_t task = 0;
    /// Makes somebody call take() soon. Any thread.
    std::function<void()> wake = [] {};
    /// Gets what an operator should know.
    std::function<void(std::string)> on_error = [](std::string) {};
  };
  explicit RecordPump(Setup setup);

  Status open() override;

  /// Polls the source and appends up to `max` records to `out`: those whose retry is due before new
  /// ones.
  Outlook take(std::size_t max, std::vector<Ready>& out) override;
  [[nodiscard]] const ConsumedRecord& record(std::uint32_t slot) override {
    return held_.at(slot).consumed;
  }

  void acked(std::span<const MessageId> ids) override;
  void failed(const Failure& failure) override;
  void refuse(const Ready& ready, FailureKind kind, std::string reason) override;

  /// Commits, writes dead letters that wait, and polls a source that was not polled meanwhile, paused,
  /// because it must be.
  void tick() override;
  void take_deliveries() override;

  void suspend() override;
  void resume() override;
  void drain() override;
  [[nodiscard]] bool is_settled() const noexcept override { return letters_.size() == 0; }
  /// Waits for dead letters a bounded time, commits, leaves the group.
  void close() override;

 private:
  void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t next_offset) override;
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) override;

  void poll_source(std::size_t max);
  void accept(SourceRecord&& from, std::vector<Ready>& out);
  void emit_again(HeldRecords::Slot slot, std::vector<Ready>& out);
  [[nodiscard]] Ready ready(HeldRecords::Slot slot);

  void retry_later(HeldRecords::Slot slot, std::chrono::nanoseconds delay);
  void give_up(HeldRecords::Slot slot, const Failure& failure);
  void leave(HeldRecords::Slot slot);
  void forget(HeldRecords::Slot slot);
  void forget_all(std::span<const HeldRecords::Slot> slots);
  void set_outages(HeldRecords::Held& held, std::uint32_t outages);

  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] bool should_pause() const noexcept;
  void update_pause();
  void wake_if_resumable();
  void show_lag();
  void commit();
  void commit_before_revoke(std::uint32_t partition);
  void on_commit_result(const Status& status, std::span<const CommitRequest> requests);
  void publish_levels();

  Setup setup_;
  RecordSource& source_;
  OffsetTracker tracker_;
  HeldRecords held_;
  RetryBuffer<HeldRecords::Slot> retries_;
  DeadLetterWriter letters_;
  RecordSpoutStats& stats_;

  std::vector<SourceRecord> staged_;  // polled, not accepted yet, from next_staged_ on
  std::size_t next_staged_ = 0;
  std::vector<HeldRecords::Slot> done_;
  std::vector<CommitRequest> requests_;
  std::vector<RecordPosition> written_;
  std::vector<OffsetTracker::Cookie> unfinished_;

  std::size_t records_in_outage_ = 0;
  std::uint32_t poll_failures_in_a_row_ = 0;
  std::uint32_t commit_failures_in_a_row_ = 0;
  Instant poll_not_before_{};
  bool is_paused_ = false;
  bool was_full_ = false;        // and did not fall under three quarters since
  bool was_taken_from_ = false;  // since the last tick
  bool is_stalled_ = false;      // nobody called take() for a tick
  bool is_suspended_ = false;
  bool is_draining_ = false;
  bool is_open_ = false;
};

}  // namespace bora
