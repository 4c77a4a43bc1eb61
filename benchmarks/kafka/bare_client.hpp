#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "benchmarks/pipeline/raw_archive.hpp"
#include "connectors/kafka/holders.hpp"

/// librdkafka as a program written by hand uses it, with the options that were found to be fastest.
/// Whatever goes wrong ends the program: nothing was measured then.
namespace bora::bench {

/// Reads every partition of a topic from its beginning, a batch at a time, without a group.
///
/// Threads: single-owner.
class BareConsumer {
 public:
  BareConsumer(const std::string& brokers, const std::string& topic, std::uint32_t partitions);
  ~BareConsumer();
  BareConsumer(const BareConsumer&) = delete;
  BareConsumer& operator=(const BareConsumer&) = delete;

  /// Up to 1,000 messages, borrowed until the following call. Waits for some, at most 100 ms.
  [[nodiscard]] std::span<rd_kafka_message_t* const> next();

 private:
  void let_go();

  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> client_;
  kafka::Topic topic_;
  std::int32_t partitions_;
  kafka::Queue queue_;
  std::vector<rd_kafka_message_t*> messages_;
  std::size_t size_ = 0;
};

/// Writes to one topic: idempotent, keyed, with the compression, linger and partitioner of KafkaSink.
///
/// Threads: single-owner.
class BareProducer {
 public:
  BareProducer(const std::string& brokers, const std::string& topic);
  ~BareProducer();
  BareProducer(const BareProducer&) = delete;
  BareProducer& operator=(const BareProducer&) = delete;

  /// Copies both. Waits for room when the queue is full.
  void produce(std::string_view key, std::string_view value);
  /// Takes what was acknowledged meanwhile.
  void serve() { rd_kafka_poll(client_.get(), 0); }
  /// Returns when everything is acknowledged.
  void flush();
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

 private:
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> client_;
  kafka::Topic topic_;
  std::uint64_t acknowledged_ = 0;
};

[[nodiscard]] inline std::string_view value_of(const rd_kafka_message_t& message) noexcept {
  return {static_cast<const char*>(message.payload), message.len};
}
[[nodiscard]] inline RawPlace place_of(const rd_kafka_message_t& message) noexcept {
  return {from_millis(rd_kafka_message_timestamp(&message, nullptr)),
          static_cast<std::uint32_t>(message.partition), message.offset};
}

}  // namespace bora::bench
