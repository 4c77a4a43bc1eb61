#pragma once
// Private: includes librdkafka.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/kafka/assigned.hpp"
#include "connectors/kafka/client.hpp"
#include "connectors/kafka/group_watch.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/start_offsets.hpp"
#include "connectors/kafka/troubles.hpp"

namespace bora::kafka {

/// Counters of a KafkaSource: written by its thread, read by any; each orders nothing.
struct SourceCounters {
  std::atomic<std::uint64_t> skipped_records{0};
  std::atomic<std::uint64_t> dropped_records{0};
  std::atomic<std::uint64_t> late_commits{0};
  std::atomic<std::uint64_t> lost_partitions{0};
  std::atomic<std::uint64_t> rewinds{0};
  std::atomic<std::uint64_t> restarts{0};
};

/// A KafkaSource that is open: one librdkafka consumer and what it owns of the topic.
///
/// Events of the group and records come by two queues, so that records can rest while events are
/// served: librdkafka's own pause throws away what was fetched. librdkafka calls back from inside
/// serve_events(); the callback only notes what changed, and poll() acts on it afterwards:
///
///   assigned:  none -> starting (where does it begin?) -> reading
///   revoked:   reading -> leaving (until committed, or drain_timeout) -> none
///   lost:      any -> none
///
/// Threads: the source's, but client() and the wake.
class Membership {
 public:
  /// Has librdkafka read on in a partition from there.
  using Seek = std::function<Status(std::uint32_t partition, std::int64_t offset)>;
  struct Setup {
    const KafkaSourceOptions* options = nullptr;
    const Clock* clock = nullptr;
    AssignmentListener* listener = nullptr;
    const std::function<void()>* wake = nullptr;
    SourceCounters* counters = nullptr;
    Epochs* epochs = nullptr;
    /// In place of librdkafka's, for tests: brokers do not make it fail when one wants.
    Seek seek = nullptr;
  };
  /// Begins to join. All that setup names outlives the membership.
  [[nodiscard]] static Result<std::unique_ptr<Membership>> join(const Setup& setup);
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  /// Serves the group. Then appends records, if `max` is not zero.
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out);
  Status commit(std::span<const CommitRequest> requests);

  /// For a transaction that commits in this member's name; see Transaction.
  /// Who this member is. Fails: kClosed when the group does not count it as a member now.
  [[nodiscard]] Result<GroupMetadata> group_metadata() const;
  /// The requests as librdkafka wants them, but those of assignments that have ended.
  [[nodiscard]] Partitions ours_of(std::span<const CommitRequest> requests);
  void note_committed(const rd_kafka_topic_partition_list_t& offsets);
  /// Goes back to what the group committed, in every partition that is read.
  Status rewind();
  /// Has librdkafka read on from there; who calls sees to it that poll() expects it.
  [[nodiscard]] Status seek(std::uint32_t partition, std::int64_t offset);
  [[nodiscard]] std::optional<std::uint64_t> lag() const;
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> lag_time() const;
  [[nodiscard]] bool is_cut_off() const {
    return troubles_.is_silence() && client_->is_in_trouble();
  }
  [[nodiscard]] bool is_stuck();

  /// Revokes everything, leaves the group, ends librdkafka; bounded.
  void leave();
  /// The same for a membership that does not answer any more: everything is lost.
  void abandon();

  [[nodiscard]] const Client& client() const noexcept { return *client_; }

 private:
  explicit Membership(const Setup& setup);
  Status start();

  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque);
  void take_assignment(const rd_kafka_topic_partition_list_t& partitions);
  void take_revocation(const rd_kafka_topic_partition_list_t& partitions);

  void serve_events();
  void note(const rd_kafka_message_t& message);

  void start_partitions();
  [[nodiscard]] Status try_start(const std::vector<std::uint32_t>& partitions);
  [[nodiscard]] Status commit_first_runs(const std::vector<Start>& starts);
  [[nodiscard]] Status find_what_was_lost();
  [[nodiscard]] Status go_back();

  void finish_leaving();
  [[nodiscard]] bool may_release() const;
  void release(AssignmentListener::Leave how);
  void tell_revoked(Assigned& partition, AssignmentListener::Leave how);
  void acknowledge(const std::vector<std::uint32_t>& assigned);

  std::size_t read(std::size_t max, std::vector<SourceRecord>& out);
  void accept(const rd_kafka_message_t& message, std::vector<SourceRecord>& out);
  Status commit_offsets(const rd_kafka_topic_partition_list_t& offsets);
  void await_share();
  void end(std::string_view what_for);

  const KafkaSourceOptions& options_;
  const Clock& clock_;
  AssignmentListener& listener_;
  const std::function<void()>& wake_;
  SourceCounters& counters_;
  Epochs& epochs_;
  const Seek seek_;

  std::unique_ptr<Client> client_;
  Topic topic_;
  Queue events_;
  Queue records_;
  std::vector<rd_kafka_message_t*> fetched_;  // between two calls: nothing

  Assignment assignment_;
  std::vector<std::uint32_t> leaving_;  // partitions that librdkafka waits for
  std::optional<Instant> leave_by_;     // set: an unassign is owed
  bool may_have_lost_records_ = false;  // a rebalance happened since the last check
  bool is_closing_ = false;
  Instant start_not_before_{};

  GroupWatch watch_;
  Instant watch_not_before_{};
  Troubles troubles_;
};

}  // namespace bora::kafka
