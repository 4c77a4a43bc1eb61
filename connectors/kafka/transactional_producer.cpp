#include "connectors/kafka/transactional_producer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bora/check.hpp"
#include "connectors/kafka/producing.hpp"

namespace bora::kafka {
namespace {

using std::chrono::milliseconds;

// What a record carries through librdkafka: the sink's number above its tag.
constexpr unsigned kTagBits = 48;
constexpr std::uint64_t kMostTags = std::uint64_t{1} << kTagBits;

void* pack(std::uint32_t sink, RecordSink::Tag tag) {
  BORA_CHECK(tag < kMostTags && sink < (1U << 16), "a tag or a sink's number is too large");
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a number that never is used as an address
  return reinterpret_cast<void*>((std::uint64_t{sink} << kTagBits) | tag);
}

std::vector<Preset> presets_of(const TransactionOptions& options) {
  return {
      {"transactional.id", options.id, "the transaction names itself"},
      {"transaction.timeout.ms", std::to_string(options.timeout.count())},
      {"enable.idempotence", "true", "transactions need it"},
      {"partitioner", "murmur2_random"},
      {"compression.codec", "lz4"},
      {"linger.ms", "5"},
      // Not longer than the transaction, beyond which no record of it can count.
      {"delivery.timeout.ms", std::to_string(options.timeout.count())},
      {"queue.buffering.max.messages", std::to_string(options.max_queued_records)},
      {"queue.buffering.max.kbytes",
       std::to_string(std::max<std::size_t>(1, options.max_queued_bytes / 1024))},
  };
}

/// A record that failed with its transaction, or with its client, is done again with its batch, however
/// often. What is wrong with the record itself or with its topic stays what it is.
Status not_its_fault(Status status) {
  const Error& error = status.error();
  if (error.kind != ErrorKind::kClosed && error.kind != ErrorKind::kInternal) return status;
  return {ErrorKind::kUnavailable, error.message};
}

}  // namespace

void Outcomes::add(RecordSink::Delivery delivery) {
  const std::lock_guard lock{mutex_};
  known_.push_back(std::move(delivery));
  if (known_.size() == 1 && wake_) wake_();
}

std::size_t Outcomes::take(std::vector<RecordSink::Delivery>& out) {
  const std::lock_guard lock{mutex_};
  const std::size_t count = known_.size();
  std::move(known_.begin(), known_.end(), std::back_inserter(out));
  known_.clear();
  return count;
}

void Outcomes::wake() {
  const std::lock_guard lock{mutex_};
  if (wake_) wake_();
}

void Outcomes::set_wake(std::function<void()> wake) {
  const std::lock_guard lock{mutex_};
  wake_ = std::move(wake);
}

TransactionalProducer::TransactionalProducer(TransactionOptions options)
    : options_(std::move(options)) {
  if (options_.stats == nullptr) options_.stats = std::make_shared<KafkaSinkStats>();
}

TransactionalProducer::~TransactionalProducer() {
  if (events_ != nullptr) rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
}

Result<Conf> TransactionalProducer::conf() const {
  return make_conf(options_.kafka, Role::kProducer, presets_of(options_));
}

Status TransactionalProducer::check() const { return conf().status(); }

std::uint32_t TransactionalProducer::add(std::shared_ptr<Outcomes> outcomes) {
  const std::lock_guard lock{sinks_mutex_};
  sinks_.push_back(std::move(outcomes));
  return static_cast<std::uint32_t>(sinks_.size() - 1);
}

Status TransactionalProducer::append(std::uint32_t sink, std::string_view topic,
                                     const Record& record, RecordSink::Tag tag) {
  const std::shared_lock lock{gate_};
  if (!is_open_) {
    options_.stats->refused.fetch_add(1, std::memory_order_relaxed);
    return {ErrorKind::kUnavailable, "could not append to topic " + std::string{topic} +
                                         ": no transaction is open; its batch is done again"};
  }
  KafkaSinkStats& stats = *options_.stats;
  rd_kafka_topic_t* const target = topic_of(topic);
  const rd_kafka_resp_err_t code = target == nullptr ? rd_kafka_last_error()
                                                     : produce(client_->get(), target, record,
                                                               Payload::kCopied, pack(sink, tag));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    stats.queued_records.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  stats.refused.fetch_add(1, std::memory_order_relaxed);
  return not_its_fault(
      client_->translate(code, "append to topic " + std::string{topic} + " in a transaction"));
}

/// Its owner found the gate open, so there is a client.
rd_kafka_topic_t* TransactionalProducer::topic_of(std::string_view name) {
  const std::lock_guard lock{topics_mutex_};
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    Topic made{rd_kafka_topic_new(client_->get(), std::string{name}.c_str(), nullptr)};
    if (made == nullptr) return nullptr;
    found = topics_.emplace(std::string{name}, std::move(made)).first;
  }
  return found->second.get();
}

void TransactionalProducer::poll() {
  const std::shared_lock lock{gate_};
  if (client_ != nullptr) rd_kafka_poll(client_->get(), 0);
}

std::size_t TransactionalProducer::flush(milliseconds timeout) {
  constexpr milliseconds kSlice{20};  // between two, the transaction may change the gate
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    {
      const std::shared_lock lock{gate_};
      if (client_ == nullptr) return 0;
      rd_kafka_flush(client_->get(), static_cast<int>(std::min(timeout, kSlice).count()));
      const int left = rd_kafka_outq_len(client_->get());
      if (left <= 0 || std::chrono::steady_clock::now() >= deadline)
        return static_cast<std::size_t>(std::max(left, 0));
    }
  }
}

void TransactionalProducer::on_report(const rd_kafka_message_t& message) {
  const auto packed = reinterpret_cast<std::uint64_t>(message._private);
  KafkaSinkStats& stats = *options_.stats;
  stats.queued_records.fetch_sub(1, std::memory_order_relaxed);
  RecordSink::Delivery delivery;
  delivery.tag = packed & (kMostTags - 1);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    stats.delivered.fetch_add(1, std::memory_order_relaxed);
    delivery.partition = static_cast<std::uint32_t>(message.partition);
    delivery.offset = message.offset;
  } else {
    stats.failed.fetch_add(1, std::memory_order_relaxed);
    delivery.status = not_its_fault(kafka::translate(
        message.err,
        std::string{"write to topic "} + rd_kafka_topic_name(message.rkt) + " in a transaction"));
  }
  Outcomes* outcomes = nullptr;
  {
    const std::lock_guard lock{sinks_mutex_};
    outcomes = sinks_[packed >> kTagBits].get();
  }
  outcomes->add(std::move(delivery));
}

/// From librdkafka's thread: any of the sinks may poll for all, and which one is awake is not known.
void TransactionalProducer::wake_all() {
  const std::lock_guard lock{sinks_mutex_};
  for (const auto& sink : sinks_)
    sink->wake();
}

Status TransactionalProducer::start() {
  if (client_ != nullptr) return {};
  Result<Conf> made = conf();
  if (!made) return made.status();
  rd_kafka_conf_set_dr_msg_cb(
      made->get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* client) {
        static_cast<TransactionalProducer*>(Client::from(client).user())->on_report(*message);
      });
  auto client = Client::start(Role::kProducer, *std::move(made), options_.kafka, this);
  if (!client) return client.status();
  const KafkaError refused{rd_kafka_init_transactions(
      (*client)->get(), static_cast<int>(options_.call_timeout.count()))};
  // Whatever it is, a new client tries again: this one may be fenced already.
  if (refused != nullptr)
    return {
        ErrorKind::kUnavailable,
        (*client)->translate(refused, "take up transactional.id " + options_.id).error().message};
  const std::unique_lock lock{gate_};
  client_ = *std::move(client);
  events_.reset(rd_kafka_queue_get_main(client_->get()));
  rd_kafka_queue_cb_event_enable(
      events_.get(),
      [](rd_kafka_t*, void* self) { static_cast<TransactionalProducer*>(self)->wake_all(); }, this);
  return {};
}

void TransactionalProducer::open_gate() {
  const std::unique_lock lock{gate_};
  is_open_ = client_ != nullptr;
}

void TransactionalProducer::close_gate() {
  const std::unique_lock lock{gate_};
  is_open_ = false;
}

Status TransactionalProducer::stop() {
  close_gate();
  if (client_ == nullptr) return {};
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_->get(), static_cast<int>(options_.call_timeout.count()));
  if (rd_kafka_outq_len(client_->get()) > 0) {
    return {ErrorKind::kUnavailable, "could not end the producer of transactional.id " +
                                         options_.id + ": some records have no outcome yet"};
  }
  std::unique_ptr<Client> ended;
  {
    const std::unique_lock lock{gate_};
    rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
    events_.reset();
    topics_.clear();  // the client waits for them
    ended = std::move(client_);
  }
  options_.stats->recreated.fetch_add(1, std::memory_order_relaxed);
  return {};
}

}  // namespace bora::kafka
