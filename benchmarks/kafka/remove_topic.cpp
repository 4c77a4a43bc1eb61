#include "benchmarks/kafka/remove_topic.hpp"

#include <librdkafka/rdkafka.h>

#include "connectors/kafka/holders.hpp"

namespace bora::bench {

void remove_topic(const std::string& brokers, const std::string& name) {
  kafka::Conf conf{rd_kafka_conf_new()};
  rd_kafka_conf_set(conf.get(), "bootstrap.servers", brokers.c_str(), nullptr, 0);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf.release(), nullptr, 0);
  if (client == nullptr) return;
  {
    const kafka::Queue answers{rd_kafka_queue_new(client)};
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
    rd_kafka_DeleteTopics(client, &topic, 1, nullptr, answers.get());
    const kafka::Event answer{rd_kafka_queue_poll(answers.get(), 10'000)};
    rd_kafka_DeleteTopic_destroy(topic);
  }
  rd_kafka_destroy(client);
}

}  // namespace bora::bench
