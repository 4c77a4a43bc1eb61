#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "bora/record.hpp"
#include "bora/record_transaction.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

class TransactionalProducer;

struct TransactionOptions {
  KafkaOptions kafka = {};
  /// Names this writer to the brokers: `transactional.id`. No two processes that run may share it; a
  /// process that comes back under its old one ends at once what it left open when it was killed. Under
  /// a new one, readers and the next owner of its partitions wait until `timeout` for that.
  std::string id = {};
  /// A transaction that is open for so long is aborted by the brokers. Longer rides out longer outages
  /// without doing a batch again; shorter frees readers sooner after a crash. At most the brokers'
  /// transaction.max.timeout.ms.
  std::chrono::milliseconds timeout{15'000};
  /// Longest wait of one call, about.
  std::chrono::milliseconds call_timeout{5'000};
  std::size_t max_queued_records = 100'000;  ///< As KafkaSinkOptions says.
  std::size_t max_queued_bytes = std::size_t{64} << 20;
  std::shared_ptr<KafkaSinkStats> stats = nullptr;  ///< Shared with who shows it. Null: its own.
};

/// A producer whose records count together with the offsets of one KafkaSource, or not at all.
///
/// Commits go to the brokers in the name of the source's membership: they refuse a member that was
/// expelled meanwhile, whatever its transactional id (KIP-447). So a process that stood still beyond its
/// session cannot commit what another one has done since.
///
/// After a fatal error, also when another process took the id over, abort() makes the producer anew
/// under the same id, which ends what the old one left; nothing is sent again, the batch is.
///
/// Threads: begin(), commit(), abort(), rewind() and the source by one; each sink by one of its own;
/// all at the same time. Lifetime: sinks may outlive it; the source is open while it works.
class Transaction final : public RecordTransaction {
 public:
  /// Connects nowhere yet. Fails: kInvalid (settings).
  [[nodiscard]] static Result<std::shared_ptr<Transaction>> make(TransactionOptions options);
  ~Transaction() override;

  /// The source whose offsets are committed; outlives the last call of this, or is replaced.
  void follow(KafkaSource& source) noexcept { source_ = &source; }
  /// Any thread. Each task has one of its own; all share the producer.
  [[nodiscard]] std::unique_ptr<RecordSink> sink();

  Status begin() override;
  Status commit(std::span<const CommitRequest> done) override;
  Status abort() override;
  Status rewind() override;

 private:
  class Sink;
  explicit Transaction(TransactionOptions options);
  Status renew();

  std::shared_ptr<TransactionalProducer> producer_;  // with the sinks
  KafkaSource* source_ = nullptr;
  bool is_sent_ = false;     // the offsets are in the transaction
  bool must_renew_ = false;  // the producer is of no use any more
};

}  // namespace bora::kafka
