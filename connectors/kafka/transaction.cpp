#include "connectors/kafka/transaction.hpp"

#include <utility>

#include "connectors/kafka/membership.hpp"
#include "connectors/kafka/transactional_producer.hpp"

namespace bora::kafka {

class Transaction::Sink final : public RecordSink {
 public:
  explicit Sink(std::shared_ptr<TransactionalProducer> producer)
      : producer_(std::move(producer)),
        outcomes_(std::make_shared<Outcomes>()),
        number_(producer_->add(outcomes_)) {}
  ~Sink() override { outcomes_->set_wake({}); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  Status append(std::string_view topic, Record record, Tag tag) override {
    Status taken = producer_->append(number_, topic, record, tag);
    if (taken) ++pending_;
    return taken;
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    producer_->poll();
    const std::size_t told = outcomes_->take(out);
    pending_ -= told;
    return told;
  }
  Status flush(std::chrono::milliseconds timeout) override {
    if (pending_ > 0) producer_->flush(timeout);
    return {};
  }
  void on_delivery(std::function<void()> wake) override { outcomes_->set_wake(std::move(wake)); }

 private:
  std::shared_ptr<TransactionalProducer> producer_;
  std::shared_ptr<Outcomes> outcomes_;
  std::uint32_t number_;
  std::size_t pending_ = 0;
};

Transaction::Transaction(TransactionOptions options)
    : producer_(std::make_shared<TransactionalProducer>(std::move(options))) {}
Transaction::~Transaction() = default;

Result<std::shared_ptr<Transaction>> Transaction::make(TransactionOptions options) {
  if (options.id.empty())
    return Error{ErrorKind::kInvalid, "a transaction needs an id of its own: name it"};
  const auto isolation = options.kafka.properties.find("isolation.level");
  if (isolation != options.kafka.properties.end() && isolation->second != "read_committed")
    return Error{ErrorKind::kInvalid,
                 "exactly-once needs kafka.isolation.level=read_committed, because offsets of a "
                 "transaction that is not over yet must be waited for: take the setting out"};
  std::shared_ptr<Transaction> made{new Transaction{std::move(options)}};
  if (Status taken = made->producer_->check(); !taken) return taken;
  return made;
}

std::unique_ptr<RecordSink> Transaction::sink() { return std::make_unique<Sink>(producer_); }

namespace {

/// What an error of a call that is part of a transaction means to RecordTransaction's caller: only the
/// same call again, or an abort.
Status outcome_of(const Client& client, const KafkaError& error, std::string_view tried) {
  if (error == nullptr) return {};
  const std::string text = client.translate(error, tried).error().message;
  return {
      rd_kafka_error_is_retriable(error.get()) != 0 ? ErrorKind::kUnavailable : ErrorKind::kClosed,
      text};
}

}  // namespace

Status Transaction::begin() {
  if (must_renew_) {
    if (Status renewed = renew(); !renewed) return renewed;
  }
  if (Status started = producer_->start(); !started) return started;
  Client& client = *producer_->client();
  const KafkaError refused{rd_kafka_begin_transaction(client.get())};
  if (refused != nullptr) {
    must_renew_ = true;
    return {ErrorKind::kUnavailable,
            client.translate(refused, "begin a transaction as " + producer_->options().id)
                .error()
                .message};
  }
  producer_->open_gate();
  return {};
}

Status Transaction::commit(std::span<const CommitRequest> done) {
  const std::string tried = "commit a transaction as " + producer_->options().id;
  producer_->close_gate();
  Client* const client = producer_->client();
  Membership* const member = source_ == nullptr ? nullptr : source_->membership();
  if (client == nullptr || member == nullptr)
    return {ErrorKind::kClosed, "could not " + tried + ": the source or the producer is gone"};
  const int timeout = static_cast<int>(producer_->options().call_timeout.count());
  const Partitions offsets = member->ours_of(done);
  if (static_cast<std::size_t>(offsets->cnt) != done.size())
    return {ErrorKind::kClosed, "could not " + tried + ": partitions have left meanwhile"};
  if (!is_sent_) {
    const Result<GroupMetadata> metadata = member->group_metadata();
    if (!metadata) return metadata.status();
    const KafkaError refused{rd_kafka_send_offsets_to_transaction(client->get(), offsets.get(),
                                                                  metadata->get(), timeout)};
    if (refused != nullptr) return outcome_of(*client, refused, tried);
    is_sent_ = true;
  }
  const KafkaError refused{rd_kafka_commit_transaction(client->get(), timeout)};
  if (refused != nullptr) return outcome_of(*client, refused, tried);
  is_sent_ = false;
  member->note_committed(*offsets);
  client->forget_trouble();
  return {};
}

Status Transaction::abort() {
  producer_->close_gate();
  is_sent_ = false;
  if (must_renew_) return renew();
  Client* const client = producer_->client();
  if (client == nullptr) return {};
  const KafkaError refused{rd_kafka_abort_transaction(
      client->get(), static_cast<int>(producer_->options().call_timeout.count()))};
  if (refused == nullptr) return {};
  const Status why =
      outcome_of(*client, refused, "abort a transaction as " + producer_->options().id);
  if (why.is_retryable()) return why;
  must_renew_ = true;
  return renew();
}

/// Another producer under the same id. That it could be started means that whatever the old one left
/// has ended, one way or the other: only then it is known where the group stands.
Status Transaction::renew() {
  if (Status stopped = producer_->stop(); !stopped) return stopped;
  Status started = producer_->start();
  must_renew_ = !started;
  return started;
}

Status Transaction::rewind() { return source_ == nullptr ? Status{} : source_->rewind(); }

}  // namespace bora::kafka
