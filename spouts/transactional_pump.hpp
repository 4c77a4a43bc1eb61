#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/record_transaction.hpp"
#include "spouts/pump.hpp"
#include "spouts/record_spout_options.hpp"
#include "spouts/record_spout_stats.hpp"

namespace bora {

/// What a RecordSpout does, without the engine, when records are to count exactly once: takes a batch of
/// records, waits until all of it is done, and commits its results and its offsets together.
///
///   idle -> open (takes records until the batch is full or old) -> all done: commit -> idle
///            any failure, or a partition that left: abort -> nothing in flight: rewind -> idle
///
/// A record is not kept for retries: an abort has the source read the batch again. What is kept is the
/// verdict on records that failed. One that was given up is not emitted at its next turn but written to
/// the dead letters, in the same transaction: whatever it led to at its last attempt was aborted.
///
/// Invariants:
///  1. A commit covers exactly what was taken since begin(), all of it acked or a dead letter.
///  2. No transaction begins before everything of the one before has come to rest, expired messages
///     included: a tuple that is late cannot write into the next one.
///  3. A batch that touched a partition which has left since is aborted.
///
/// Threads: single-owner; the thread that polls the source.
/// Lifetime: dies before the source, the sink and the transaction.
class TransactionalPump final : public Pump, private AssignmentListener {
 public:
  struct Setup {
    RecordSource* source = nullptr;            ///< Not owned; not open yet.
    RecordSink* dead_letters = nullptr;        ///< Not owned; of the transaction.
    RecordTransaction* transaction = nullptr;  ///< Not owned.
    const Clock* clock = nullptr;              ///< Not owned.
    RecordSpoutStats* stats = nullptr;         ///< Not owned.
    RecordSpoutOptions options = {};
    std::string component = {};
    std::uint32_t task = 0;
    /// Messages that have not come to rest, expired ones included.
    std::function<std::size_t()> in_flight = [] { return std::size_t{0}; };
    std::function<void()> wake = [] {};  ///< Makes somebody call take() soon. Any thread.
    std::function<void(std::string)> on_error = [](std::string) {};
  };
  explicit TransactionalPump(Setup setup);

  Status open() override;
  Outlook take(std::size_t max, std::vector<Ready>& out) override;
  [[nodiscard]] const ConsumedRecord& record(std::uint32_t slot) override;
  void acked(std::span<const MessageId> ids) override;
  void failed(const Failure& failure) override;
  void refuse(const Ready& ready, FailureKind kind, std::string reason) override;
  void tick() override;
  void take_deliveries() override;
  void suspend() override { is_suspended_ = true; }
  void resume() override;
  void drain() override;
  [[nodiscard]] bool is_settled() const noexcept override;
  void close() override;

 private:
  enum class State : std::uint8_t {
    kIdle,       ///< No transaction.
    kOpen,       ///< Records are taken and worked on.
    kAborting,   ///< The broker does not know yet.
    kRewinding,  ///< Aborted; what was in flight comes to rest, then the source goes back.
  };
  /// What is known of a record whose attempts were aborted with it.
  struct Verdict {
    std::uint32_t failures = 0;
    bool is_given_up = false;
    Failure last;
  };
  struct Taken {
    std::uint32_t epoch = 0;
    std::int64_t next = 0;  ///< Behind the last record taken.
  };
  using Place = std::pair<std::uint32_t, std::int64_t>;  // partition, offset

  void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t next_offset) override;
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) override;

  void step();
  void begin();
  void commit();
  void abort();
  void rewind();
  void poll_source(std::size_t max);
  void accept(SourceRecord&& from, std::vector<Ready>& out);
  void judge(const Failure& failure);
  void doom();
  void write_letter(const ConsumedRecord& consumed, const Verdict& verdict);
  void on_lost_letter(const Status& status);
  void retry_after_outage(const Status& status);
  [[nodiscard]] bool is_closing() const;
  [[nodiscard]] std::size_t room() const;
  void publish_levels();

  Setup setup_;
  RecordSource& source_;
  RecordTransaction& transaction_;
  RecordSpoutStats& stats_;

  State state_ = State::kIdle;
  bool is_doomed_ = false;                // the open transaction must be aborted
  bool is_committing_ = false;            // the broker was asked, and did not answer yet
  std::map<std::uint32_t, Taken> batch_;  // by partition; empty: nothing was taken
  std::size_t batch_records_ = 0;
  RecordSink::Tag batch_number_ = 1;  // of its dead letters
  std::size_t outstanding_ = 0;       // of them, emitted and without a completion
  std::size_t letters_ = 0;           // of them, dead letters without an outcome
  Instant batch_since_{};

  std::map<Place, Verdict> verdicts_;
  std::chrono::nanoseconds pause_{0};  // before the batch is tried again
  std::uint32_t outages_in_a_row_ = 0;
  bool saw_outage_ = false;  // in this batch
  Instant not_before_{};     // the next call of the transaction

  std::vector<SourceRecord> staged_;     // within take()
  std::vector<ConsumedRecord> records_;  // of the last take(), by slot
  std::uint32_t poll_failures_in_a_row_ = 0;
  Instant poll_not_before_{};
  std::vector<CommitRequest> requests_;
  std::vector<RecordSink::Delivery> deliveries_;
  bool was_taken_from_ = false;  // since the last tick
  bool is_suspended_ = false;
  bool is_draining_ = false;
  bool is_open_ = false;
};

}  // namespace bora
