#include "bora/clock.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "support/kafka_mock.hpp"
#include "support/record_conformance.hpp"

namespace bora::testing {
namespace {

class MockTopics final : public TopicsUnderTest {
 public:
  std::string make_topic(std::uint32_t partitions) override { return mock_.make_topic(partitions); }
  std::unique_ptr<RecordSource> source(const std::string& topic,
                                       const std::string& group) override {
    // The mock lets a group wait for its members almost as long as the session.
    return std::make_unique<kafka::KafkaSource>(
        kafka::KafkaSourceOptions{.kafka = {.brokers = mock_.brokers(),
                                            .properties = {{"session.timeout.ms", "3000"},
                                                           {"heartbeat.interval.ms", "200"}}},
                                  .topic = topic,
                                  .group = group,
                                  .drain_timeout = std::chrono::milliseconds{300}},
        clock_);
  }
  std::unique_ptr<RecordSink> sink() override {
    return std::make_unique<kafka::KafkaSink>(
        kafka::KafkaSinkOptions{.kafka = {.brokers = mock_.brokers()}});
  }

 private:
  SystemClock clock_;
  KafkaMock mock_{2};
};

}  // namespace

std::unique_ptr<TopicsUnderTest> make_topics_under_test() { return std::make_unique<MockTopics>(); }

}  // namespace bora::testing
