#pragma once
// Private: includes librdkafka.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/kafka/client.hpp"
#include "connectors/kafka/transaction.hpp"

namespace bora::kafka {

/// What one sink of a transaction gets back.
/// Threads: any.
class Outcomes {
 public:
  void add(RecordSink::Delivery delivery);
  std::size_t take(std::vector<RecordSink::Delivery>& out);
  void wake();
  void set_wake(std::function<void()> wake);

 private:
  std::mutex mutex_;
  std::vector<RecordSink::Delivery> known_;  // guarded by mutex_
  std::function<void()> wake_;               // guarded by mutex_
};

/// The producer of a transaction: one client that any number of sinks write through.
///
/// librdkafka copies each record; what it carries for us is the number of the sink and its tag, so
/// nothing is kept here per record. An aborted batch is read again, so nothing is ever sent again.
///
/// The gate: records are taken between open_gate() and close_gate(). When the latter returned, no
/// append is under way.
///
/// Threads: append(), poll(), flush() from any; the rest from the transaction's.
class TransactionalProducer {
 public:
  explicit TransactionalProducer(TransactionOptions options);
  ~TransactionalProducer();
  TransactionalProducer(const TransactionalProducer&) = delete;
  TransactionalProducer& operator=(const TransactionalProducer&) = delete;

  [[nodiscard]] Status check() const;
  /// The number of a sink.
  std::uint32_t add(std::shared_ptr<Outcomes> outcomes);

  Status append(std::uint32_t sink, std::string_view topic, const Record& record,
                RecordSink::Tag tag);
  void poll();
  /// Sends what was gathered. Waits for outcomes at most `timeout`; returns how many records have none.
  std::size_t flush(std::chrono::milliseconds timeout);

  /// A client that the brokers know, and that they let write. Does nothing when there is one.
  Status start();
  void open_gate();
  void close_gate();
  /// Ends the client. kUnavailable: some records have no outcome yet, call again.
  Status stop();
  /// Null while there is none.
  [[nodiscard]] Client* client() noexcept { return client_.get(); }
  [[nodiscard]] const TransactionOptions& options() const noexcept { return options_; }

 private:
  void on_report(const rd_kafka_message_t& message);
  void wake_all();
  [[nodiscard]] rd_kafka_topic_t* topic_of(std::string_view name);
  [[nodiscard]] Result<Conf> conf() const;

  TransactionOptions options_;

  std::mutex sinks_mutex_;
  std::vector<std::shared_ptr<Outcomes>> sinks_;  // guarded by sinks_mutex_; numbers stay

  // Held shared while the client is used, and alone to change whether and which.
  std::shared_mutex gate_;
  bool is_open_ = false;            // guarded by gate_
  std::unique_ptr<Client> client_;  // guarded by gate_; the transaction's thread alone changes it
  Queue events_;
  std::mutex topics_mutex_;
  std::map<std::string, Topic, std::less<>> topics_;  // guarded by topics_mutex_; the client's
};

}  // namespace bora::kafka
