#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/kafka/kafka_stats.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

/// Where a group begins in a partition for which it has committed nothing. Where it has, it goes on from
/// there, whatever this says.
struct StartAt {
  enum class Where : std::uint8_t {
    kEarliest,
    kLatest,     ///< What is appended after the first assignment of the partition.
    kTime,       ///< The first record at or after `time`; kLatest when there is none.
    kCommitted,  ///< Nowhere: a partition without a commit is an error.
  };
  Where where = Where::kEarliest;
  WallTime time{};  ///< For kTime.
};

struct KafkaSourceOptions {
  KafkaOptions kafka = {};
  std::string topic = {};
  std::string group = {};
  StartAt start = {};
  /// Makes the member a static one: it keeps its partitions over a restart that is shorter than
  /// kafka.session.timeout.ms. Must be unique in the group and survive restarts. Empty: not static.
  std::string instance_id = {};
  /// Longest wait of one poll() for what the group committed and where partitions begin and end, when
  /// partitions were assigned. When it does not suffice, later polls try again.
  std::chrono::milliseconds position_timeout{5'000};
  /// Longest wait of commit(), in which its thread does nothing else. Shorter: an answer that comes
  /// later is not heard, and the same is committed again.
  std::chrono::milliseconds commit_timeout{1'000};
  /// How long partitions that leave in order may be kept until what was read from them is committed.
  /// All partitions rest meanwhile. Should be above the time between two commits; zero: the new owner
  /// does again what was in flight.
  std::chrono::milliseconds drain_timeout{2'000};
  /// Longest wait of close() for the group to let us go, and then again for librdkafka's threads.
  std::chrono::milliseconds close_timeout{10'000};
  /// A membership that does not settle for this long, although a broker answers, is given up and begun
  /// anew. Must be above kafka.max.poll.interval.ms, for which a group may wait for a slow member.
  std::chrono::milliseconds stuck_timeout{360'000};
};

class Membership;

/// A member of a consumer group on one topic in Kafka.
///
/// Commits are the caller's alone: nothing is stored or committed behind its back. While the group shares
/// its partitions out anew, commit() answers kUnavailable: to commit then would cost all partitions. A partition that
/// leaves in order rests until what was returned from it is committed or drain_timeout passed; then
/// on_revoked() is called, and only after it the partition is released. A partition of which the group
/// took possession (this member was away too long) is reported as lost. What poll() would return from
/// an assignment that has ended is dropped.
///
/// pause() leaves what was fetched in memory, bounded by kafka.queued.max.messages.kbytes (64 MiB
/// unless set), so it costs nothing to pause often.
///
/// Threads: as RecordSource says; stats() from any. librdkafka's threads only call wake and on_log.
/// Waits: poll() not at all, but at an assignment up to position_timeout and, to commit the start of a
/// group's first run, up to commit_timeout; commit() up to commit_timeout; open() not at all; close() up
/// to drain_timeout and twice close_timeout, after which what hangs is left to a thread of its own and reported by on_log.
/// Fails: open(): kInvalid (settings). poll(): as RecordSource says; what the brokers' silence or refusal
/// is about is said by one poll() a minute, in between it returns nothing, because a member that does
/// not poll is expelled; kClosed for ever when another process took over the instance_id.
class KafkaSource final : public RecordSource {
 public:
  /// `clock` outlives the source.
  KafkaSource(KafkaSourceOptions options, const Clock& clock);
  ~KafkaSource() override;
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override { return options_.topic; }
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override;
  void resume() override;
  Status commit(std::span<const CommitRequest> requests) override;
  /// As far as librdkafka knows the ends of the partitions, from its last fetches.
  [[nodiscard]] std::optional<std::uint64_t> lag() const override;
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override;
  /// How old the oldest record is, by its timestamp, that was returned last from a partition with lag:
  /// how far behind the present the reading is. Zero without lag.
  [[nodiscard]] std::optional<std::chrono::milliseconds> lag_time() const;
  /// No broker answers, for some seconds now. poll() says so once a minute, this until one does.
  [[nodiscard]] bool is_cut_off() const;
  void close() override;

  /// Returns again what follows the group's commits. Waits up to twice position_timeout. kUnavailable:
  /// not everywhere yet, call again.
  Status rewind();
  /// For Transaction; null while not open.
  [[nodiscard]] Membership* membership() const noexcept { return membership_.get(); }

  /// Counted since the source was made. Any thread.
  struct Counters {
    std::uint64_t skipped_records = 0;  ///< Removed by retention before they could be read.
    std::uint64_t dropped_records =
        0;                           ///< Fetched for an assignment that had ended; read elsewhere.
    std::uint64_t late_commits = 0;  ///< Requests of an assignment that had ended; not committed.
    std::uint64_t lost_partitions = 0;  ///< Taken away without a chance to commit.
    std::uint64_t rewinds = 0;          ///< Partitions read again from where poll() stood.
    std::uint64_t restarts = 0;         ///< Memberships given up because they were stuck.
  };
  [[nodiscard]] Counters counters() const noexcept;
  /// Any thread; all zero while not open.
  [[nodiscard]] KafkaStats stats() const;

 private:
  struct Shared;
  Status join();
  void hide_client();
  void drop();
  [[nodiscard]] Status not_open() const;

  KafkaSourceOptions options_;
  const Clock& clock_;
  std::unique_ptr<Shared> shared_;          ///< What other threads may ask for.
  AssignmentListener* listener_ = nullptr;  ///< Null while not open.
  std::function<void()> wake_;
  std::unique_ptr<Membership> membership_;
  enum class Flow : std::uint8_t { kRunning, kPaused };
  Flow flow_ = Flow::kRunning;
};

}  // namespace bora::kafka
