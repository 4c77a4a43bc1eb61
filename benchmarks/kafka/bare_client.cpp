#include "benchmarks/kafka/bare_client.hpp"

#include <array>
#include <initializer_list>
#include <utility>

#include "bora/check.hpp"

namespace bora::bench {

namespace {

using Property = std::pair<const char*, const char*>;
constexpr std::size_t kAtOnce = 1'000;

kafka::Conf conf_of(const std::string& brokers, std::initializer_list<Property> properties) {
  kafka::Conf conf{rd_kafka_conf_new()};
  std::array<char, 512> why{};
  const auto set = [&](const char* name, const char* value) {
    const auto done = rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size());
    BORA_CHECK(done == RD_KAFKA_CONF_OK, why.data());
  };
  set("bootstrap.servers", brokers.c_str());
  for (const auto& [name, value] : properties)
    set(name, value);
  return conf;
}

rd_kafka_t* start(rd_kafka_type_t type, kafka::Conf conf) {
  std::array<char, 512> why{};
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), why.data(), why.size());
  BORA_CHECK(client != nullptr, why.data());
  static_cast<void>(conf.release());  // librdkafka took it
  return client;
}

}  // namespace

BareConsumer::BareConsumer(const std::string& brokers, const std::string& topic,
                           std::uint32_t partitions)
    : client_(start(RD_KAFKA_CONSUMER, conf_of(brokers, {{"fetch.wait.max.ms", "10"},
                                                         {"fetch.max.bytes", "16777216"},
                                                         // Else it rests for whole seconds.
                                                         {"queued.min.messages", "1000000"},
                                                         {"queued.max.messages.kbytes", "65536"}})),
              &rd_kafka_destroy),
      topic_(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr)),
      partitions_(static_cast<std::int32_t>(partitions)),
      queue_(rd_kafka_queue_new(client_.get())),
      messages_(kAtOnce) {
  for (std::int32_t i = 0; i < partitions_; ++i)
    BORA_CHECK(rd_kafka_consume_start_queue(topic_.get(), i, 0, queue_.get()) == 0,
               rd_kafka_err2str(rd_kafka_last_error()));
}

BareConsumer::~BareConsumer() {
  let_go();
  for (std::int32_t i = 0; i < partitions_; ++i)
    rd_kafka_consume_stop(topic_.get(), i);
}

void BareConsumer::let_go() {
  for (std::size_t i = 0; i < size_; ++i)
    rd_kafka_message_destroy(messages_[i]);
  size_ = 0;
}

std::span<rd_kafka_message_t* const> BareConsumer::next() {
  let_go();
  const auto got = rd_kafka_consume_batch_queue(queue_.get(), 100, messages_.data(), kAtOnce);
  BORA_CHECK(got >= 0, "librdkafka reads no batch");
  size_ = static_cast<std::size_t>(got);
  for (std::size_t i = 0; i < size_; ++i)
    BORA_CHECK(messages_[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR,
               rd_kafka_message_errstr(messages_[i]));
  return {messages_.data(), size_};
}

BareProducer::BareProducer(const std::string& brokers, const std::string& topic)
    : client_(nullptr, &rd_kafka_destroy) {
  kafka::Conf conf = conf_of(brokers, {{"enable.idempotence", "true"},
                                       {"partitioner", "murmur2_random"},
                                       {"compression.codec", "lz4"},
                                       {"linger.ms", "5"},
                                       {"queue.buffering.max.messages", "100000"}});
  rd_kafka_conf_set_opaque(conf.get(), &acknowledged_);
  rd_kafka_conf_set_dr_msg_cb(
      conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* acknowledged) {
        BORA_CHECK(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_message_errstr(message));
        ++*static_cast<std::uint64_t*>(acknowledged);
      });
  client_.reset(start(RD_KAFKA_PRODUCER, std::move(conf)));
  topic_.reset(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
}

BareProducer::~BareProducer() { topic_.reset(); }

void BareProducer::produce(std::string_view key, std::string_view value) {
  // librdkafka copies, but takes no pointer to const.
  void* const bytes = const_cast<char*>(value.data());  // NOLINT(*-const-cast)
  while (rd_kafka_produce(topic_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, bytes,
                          value.size(), key.data(), key.size(), nullptr) != 0) {
    const auto error = rd_kafka_last_error();
    BORA_CHECK(error == RD_KAFKA_RESP_ERR__QUEUE_FULL, rd_kafka_err2str(error));
    rd_kafka_poll(client_.get(), 100);
  }
}

void BareProducer::flush() {
  const auto error = rd_kafka_flush(client_.get(), 120'000);
  BORA_CHECK(error == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(error));
}

}  // namespace bora::bench
