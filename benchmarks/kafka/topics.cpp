#include "benchmarks/kafka/topics.hpp"

#include <chrono>
#include <unistd.h>
#include <utility>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/remove_topic.hpp"
#include "bora/check.hpp"
#include "connectors/kafka/topics.hpp"
#include "services/gateway/measurements.hpp"
#include "services/gateway/simulation.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::bench {

namespace {

/// What `value_of` makes of each report.
template <class ValueOf>
void fill(const std::string& brokers, const std::string& topic, std::uint64_t count,
          ValueOf value_of_report) {
  const auto simulation = gateway::Simulation::make(
      {}, gateway::random_measurements({.devices = BenchTopics::kDevices, .limit = count}));
  BORA_CHECK(simulation.is_ok(), simulation.status().message());
  BareProducer producer{brokers, topic};
  while (const auto report = (*simulation)->next())
    producer.produce(report->key, value_of_report(report->value));
  producer.flush();
  BORA_CHECK(producer.acknowledged() == count, "not all reports are in the topic");
}

}  // namespace

BenchTopic::BenchTopic(std::string brokers, std::string name)
    : brokers_(std::move(brokers)), name_(std::move(name)) {
  // A broker that was started just now may still be reading its log.
  const auto admin = kafka::TopicAdmin::make({.brokers = brokers_}, std::chrono::seconds{60});
  BORA_CHECK(admin.is_ok(), admin.status().message());
  const Status made = (*admin)->create({.name = name_, .partitions = kPartitions});
  BORA_CHECK(made.is_ok(), made.message());
}

BenchTopic::~BenchTopic() { remove_topic(brokers_, name_); }

std::unique_ptr<BenchTopic> BenchTopics::make(const std::string& what) {
  return std::make_unique<BenchTopic>(brokers_, "bora-bench-" + std::to_string(::getpid()) + "-" +
                                                    std::to_string(++made_) + "-" + what);
}

std::string BenchTopics::new_group() {
  return "bora-bench-" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
}

const std::string& BenchTopics::reports(std::uint64_t count) {
  std::unique_ptr<BenchTopic>& topic = reports_[count];
  if (topic == nullptr) {
    topic = make("reports");
    fill(brokers_, topic->name(), count, [](const std::string& report) { return report; });
  }
  return topic->name();
}

const std::string& BenchTopics::readings(std::uint64_t count) {
  std::unique_ptr<BenchTopic>& topic = readings_[count];
  if (topic == nullptr) {
    topic = make("readings");
    fill(brokers_, topic->name(), count, [](const std::string& text) {
      const auto report = coldchain::parse_report(text);
      BORA_CHECK(static_cast<bool>(report), "a report of our own cannot be read");
      std::string reading;
      coldchain::write_reading(
          coldchain::to_reading(*report, report->time + std::chrono::seconds{1}), reading);
      return reading;
    });
  }
  return topic->name();
}

const std::vector<RawEntry>& BenchTopics::entries(std::uint64_t count) {
  std::vector<RawEntry>& entries = entries_[count];
  if (!entries.empty()) return entries;
  BareConsumer consumer{brokers_, reports(count), kPartitions};
  while (entries.size() < count) {
    for (const rd_kafka_message_t* message : consumer.next()) {
      const auto identity =
          coldchain::parse_identity(coldchain::MessageKind::kReport, value_of(*message));
      BORA_CHECK(static_cast<bool>(identity), "a report of our own cannot be read");
      make_entry(*identity, place_of(*message), value_of(*message), entries.emplace_back());
    }
  }
  return entries;
}

}  // namespace bora::bench
