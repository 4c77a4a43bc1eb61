#include "benchmarks/peers/bora/kafka_topics.hpp"

#include <chrono>
#include <memory>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/remove_topic.hpp"
#include "benchmarks/peers/bora/kafka_messages.hpp"
#include "benchmarks/peers/bora/oracle.hpp"
#include "bora/check.hpp"
#include "connectors/kafka/topics.hpp"

namespace bora::peers {

namespace {

std::unique_ptr<kafka::TopicAdmin> admin_of(const std::string& brokers) {
  // A broker that was started just now may still be reading its log.
  auto admin = kafka::TopicAdmin::make({.brokers = brokers}, std::chrono::seconds{60});
  BORA_CHECK(admin.is_ok(), admin.status().message());
  return *std::move(admin);
}

void make_topic(const std::string& brokers, const std::string& name) {
  const Status made = admin_of(brokers)->create({.name = name, .partitions = kPartitions});
  BORA_CHECK(made.is_ok(), made.message());
}

}  // namespace

std::uint32_t partitions_of(const std::string& brokers, const std::string& topic) {
  const auto described = admin_of(brokers)->describe(topic);
  BORA_CHECK(described.is_ok(), described.status().message());
  return described->partitions;
}

void fill(const Options& options) {
  if (!options.topic_out.empty()) make_topic(options.brokers, options.topic_out);
  if (options.topic_in.empty()) return;
  make_topic(options.brokers, options.topic_in);
  bench::BareProducer producer{options.brokers, options.topic_in};
  Sample sample;
  std::string value;
  for (std::uint64_t i = 0; i < options.records; ++i) {
    make_tuple(i, options.keys, sample);
    value.clear();
    write_celsius({sample.device, sample.value, sample.time_ms}, value);
    producer.produce(std::to_string(sample.device), value);
  }
  producer.flush();
  BORA_CHECK(producer.acknowledged() == options.records, "not all records are in the topic");
}

Tally read_back(const Options& options) {
  using std::chrono::steady_clock;
  const std::uint64_t expected =
      expected_outputs(Graph::kKafka, options.records, options.keys).count;
  bench::BareConsumer consumer{options.brokers, options.topic_out,
                               partitions_of(options.brokers, options.topic_out)};
  MessageParser parser{"fahrenheit"};
  Tally tally;
  auto last = steady_clock::now();
  for (;;) {
    const auto messages = consumer.next();  // committed ones only
    for (const rd_kafka_message_t* message : messages) {
      const Measurement measurement = parser.parse(bench::value_of(*message));
      tally.add(measurement.device, measurement.value);
    }
    if (!messages.empty()) last = steady_clock::now();
    const auto patience =
        tally.count < expected ? std::chrono::seconds{10} : std::chrono::seconds{1};
    if (steady_clock::now() - last > patience) return tally;
  }
}

void remove(const Options& options) {
  for (const std::string& topic : {options.topic_in, options.topic_out})
    if (!topic.empty()) bench::remove_topic(options.brokers, topic);
}

}  // namespace bora::peers
