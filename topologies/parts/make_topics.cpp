#include "topologies/parts/make_topics.hpp"

#include <utility>

#include "connectors/kafka/kafka_sink.hpp"
#include "topologies/parts/kafka_part.hpp"
#include "topologies/parts/kafka_topic_tools.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/parts/log_topic_tools.hpp"

namespace bora::parts {
namespace {

log::LogOptions log_options(const TopicsOptions& options) {
  return {.path = std::string{options.url.rest()}};
}

/// A log belongs to one installation already: two of them have two directories.
Status check_log(const TopicsOptions& options) {
  if (options.prefix.empty()) return {};
  return {
      ErrorKind::kInvalid,
      "the setting topics.prefix is for topics in Kafka; give each installation a log: of its own"};
}

Result<kafka::KafkaOptions> kafka_options(const TopicsOptions& options, std::string_view program) {
  kafka::KafkaOptions kafka;
  kafka.brokers = std::string{options.url.rest()};
  if (kafka.brokers.find_first_of("/@") != std::string::npos) {
    return Error{ErrorKind::kInvalid,
                 "the setting topics is no kafka://host:port,host:port: passwords and other "
                 "properties are settings kafka.*"};
  }
  kafka.properties = {options.kafka.begin(), options.kafka.end()};
  kafka.properties.emplace("client.id", program);
  if (Status known = kafka::check_properties(kafka.properties); !known) return known;
  if (Status taken = kafka::check_sink_options({.kafka = kafka}); !taken) return taken;
  return kafka;
}

}  // namespace

TopicsOptions::TopicsOptions() : url(host::Url::parse("log:./data/topics").value()) {}

void TopicsOptions::bind(host::Settings& settings) {
  settings.bind("topics", url, "where the topics are", {"log", "kafka"});
  settings.bind("topics.prefix", prefix, "Kafka: stands before the name of every topic and group");
  settings.bind(
      "topics.instance", instance,
      "Kafka: name of this process in its groups, which keeps its partitions over a restart");
  settings.bind_map("kafka", kafka, "property of librdkafka, for topics in Kafka");
}

void TopicsOptions::bind_delivery(host::Settings& settings, const std::string& topology) {
  settings.bind(topology + ".delivery", delivery,
                "exactly_once: results and offsets in one transaction, in Kafka only",
                {"at_least_once", "exactly_once"});
  settings.bind(
      topology + ".transaction_id", transaction_id,
      "name of this process to the brokers, for exactly_once; empty: a new one each time");
}

Result<std::unique_ptr<TopicsPart>> make_topics(const TopicsOptions& options,
                                                std::vector<TopicPlan> required,
                                                std::string program, const Clock& clock) {
  if (!options.is_kafka()) {
    if (Status alone = check_log(options); !alone) return alone;
    if (options.is_exactly_once())
      return Error{ErrorKind::kInvalid,
                   "the delivery exactly_once is for topics in Kafka: set topics to "
                   "kafka://host:port, or the delivery to at_least_once"};
    return std::unique_ptr<TopicsPart>{std::make_unique<LogPart>(log_options(options), clock)};
  }
  auto kafka = kafka_options(options, program);
  if (!kafka) return kafka.status();
  const Delivery delivery =
      options.is_exactly_once() ? Delivery::kExactlyOnce : Delivery::kAtLeastOnce;
  if (delivery == Delivery::kExactlyOnce) {
    const auto tried = kafka::Transaction::make({.kafka = *kafka, .id = program});
    if (!tried) return tried.status();
  }
  return std::unique_ptr<TopicsPart>{
      std::make_unique<KafkaPart>(KafkaPart::Options{.kafka = *std::move(kafka),
                                                     .required = std::move(required),
                                                     .program = std::move(program),
                                                     .delivery = delivery,
                                                     .transaction_id = options.transaction_id,
                                                     .instance = options.instance,
                                                     .prefix = options.prefix},
                                  clock)};
}

Result<std::unique_ptr<TopicTools>> make_topic_tools(const TopicsOptions& options,
                                                     const Clock& clock) {
  if (!options.is_kafka()) {
    if (Status alone = check_log(options); !alone) return alone;
    auto tools = LogTopicTools::open(log_options(options), clock);
    if (!tools) return tools.status();
    return std::unique_ptr<TopicTools>{*std::move(tools)};
  }
  const auto kafka = kafka_options(options, "bora-tools");
  if (!kafka) return kafka.status();
  auto tools = KafkaTopicTools::make(*kafka, options.prefix);
  if (!tools) return tools.status();
  return std::unique_ptr<TopicTools>{*std::move(tools)};
}

Status with_topics(const TopicsOptions& options, const Clock& clock,
                   const std::function<Status(TopicsPart&)>& use) {
  const auto topics = make_topics(options, {}, "bora-tools", clock);
  if (!topics) return topics.status();
  if (Status started = (*topics)->start(); !started) return started;
  const Status done = use(**topics);
  (*topics)->stop(std::chrono::seconds{5});
  return done;
}

}  // namespace bora::parts
