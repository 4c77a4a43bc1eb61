#include <chrono>
#include <stdexcept>
#include <unistd.h>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/topics.hpp"
#include "support/record_conformance.hpp"
#include "support/services.hpp"

namespace bora::testing {
namespace {

/// Topics with names of their own: the broker keeps what earlier runs left.
class BrokerTopics final : public TopicsUnderTest {
 public:
  std::string make_topic(std::uint32_t partitions) override {
    const auto started = std::to_string(to_millis(clock_.wall_now()));
    std::string name = "conformance-" + std::to_string(::getpid()) + "-" + started;
    auto admin = kafka::TopicAdmin::make({.brokers = brokers_});
    if (!admin) throw std::runtime_error(std::string{admin.status().message()});
    const Status made = (*admin)->create({.name = name, .partitions = partitions});
    if (!made) throw std::runtime_error(std::string{made.message()});
    return name;
  }
  std::unique_ptr<RecordSource> source(const std::string& topic,
                                       const std::string& group) override {
    // Members hear of a rebalance by their heartbeat.
    return std::make_unique<kafka::KafkaSource>(
        kafka::KafkaSourceOptions{
            .kafka = {.brokers = brokers_, .properties = {{"heartbeat.interval.ms", "300"}}},
            .topic = topic,
            .group = topic + "-" + group,
            .drain_timeout = std::chrono::milliseconds{300}},
        clock_);
  }
  std::unique_ptr<RecordSink> sink() override {
    return std::make_unique<kafka::KafkaSink>(
        kafka::KafkaSinkOptions{.kafka = {.brokers = brokers_}});
  }

 private:
  SystemClock clock_;
  std::string brokers_ = kafka_brokers();
};

}  // namespace

std::unique_ptr<TopicsUnderTest> make_topics_under_test() {
  return std::make_unique<BrokerTopics>();
}

}  // namespace bora::testing
