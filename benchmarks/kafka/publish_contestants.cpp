#include <string>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/parse_bolt.hpp"
#include "benchmarks/kafka/republish.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "bolts/record_sink_bolt.hpp"
#include "bora/check.hpp"
#include "bora/stable_hash.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/transaction.hpp"
#include "spouts/record_spout.hpp"

namespace bora::bench {

namespace {

using coldchain::Report;
using Topics = std::shared_ptr<BenchTopics>;

/// What is in a topic; reads until there are `records`.
Checksum read_back(BenchTopics& topics, const std::string& topic, std::uint64_t records) {
  BareConsumer consumer{topics.brokers(), topic, kPartitions};
  Checksum checksum;
  while (checksum.count() < records)
    for (const rd_kafka_message_t* message : consumer.next())  // committed ones only
      checksum.add_hash(stable_hash(value_of(*message)) ^
                        static_cast<std::uint64_t>(message->partition));
  return checksum;
}

coldchain::Reading rewrite(const Report& report) {
  return to_reading(report, report.time + std::chrono::seconds{1});
}

Outcome run_hand(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  const auto out = topics.make("readings");
  republish_by_hand(topics, out->name(), load, watch, rewrite);
  return {.checksum = read_back(topics, out->name(), load.tuples)};
}

enum class Shape { kOneThread, kTwoThreads };
enum class Delivery { kAtLeastOnce, kExactlyOnce };

/// Where a topology reads and writes.
struct Ends {
  RecordConnections in;
  SinkConnection out;
};

Ends at_least_once(BenchTopics& topics, const std::string& topic, const Clock& clock,
                   Meter& meter) {
  return {connections_to(topics, topic, clock, meter), [&](std::uint32_t) {
            return std::make_unique<MeteredSink>(
                std::make_unique<kafka::KafkaSink>(
                    kafka::KafkaSinkOptions{.kafka = {.brokers = topics.brokers()}}),
                meter);
          }};
}

Ends exactly_once(BenchTopics& topics, const std::string& topic, const Clock& clock, Meter& meter) {
  const auto made =
      kafka::Transaction::make({.kafka = {.brokers = topics.brokers()}, .id = topics.new_group()});
  BORA_CHECK(made.is_ok(), made.status().message());
  const std::shared_ptr<kafka::Transaction> transaction = *made;
  const auto sink = [transaction](std::uint32_t) { return transaction->sink(); };
  return {{.source =
               [&, topic, transaction](std::uint32_t) {
                 auto source = kafka_source(topics, topic, clock);
                 transaction->follow(*source);
                 return std::make_unique<MeteredSource>(std::move(source), meter);
               },
           .dead_letters = sink,
           .transaction = std::make_shared<MeteredTransaction>(
               transaction, [&meter](std::uint64_t records) { meter.done(records); })},
          sink};
}

Outcome run_topology(BenchTopics& topics, Shape shape, Delivery delivery, const Load& load,
                     Stopwatch& watch) {
  const auto out = topics.make("readings");
  const SystemClock clock;
  Meter meter{load.tuples, watch};
  const std::string& in = topics.reports(load.tuples);
  const Ends ends = delivery == Delivery::kExactlyOnce ? exactly_once(topics, in, clock, meter)
                                                       : at_least_once(topics, in, clock, meter);
  TopologyBuilder topology{"publish"};
  auto records = topology.spout("records", [&] { return RecordSpout<ConsumedRecord>{ends.in}; });
  auto parse = topology.bolt("parse", [] { return ParseReportBolt{}; }).local(records);
  auto publish = topology.bolt("publish", [&] {
    return RecordSinkBolt<Report>{
        ends.out, [name = out->name()](const Report& report) -> Result<OutgoingRecord> {
          OutgoingRecord record;
          record.topic = name;
          record.record.key = coldchain::record_key(report.device_id);
          write_reading(rewrite(report), record.record.value);
          return record;
        }};
  });
  if (shape == Shape::kOneThread) {
    publish.local(parse);
  } else {
    publish.fields(parse, &Report::device_id);
  }
  const bool acked = run_until_done(topology.build(), meter);
  return {.checksum = read_back(topics, out->name(), load.tuples), .acks_complete = acked};
}

}  // namespace

void add_publish(Suites& suites, const Topics& topics) {
  Suite& suite = suites.add(
      {"kafka-publish", "reports from Kafka, parsed, written as readings, acknowledged by Kafka"});
  const auto add_topology = [&](const char* name, Shape shape, Delivery delivery,
                                const char* against) {
    suite.contestants.push_back({name,
                                 [=](const Load& load, Stopwatch& watch) {
                                   return run_topology(*topics, shape, delivery, load, watch);
                                 },
                                 {against}});
  };
  suite.contestants.push_back(
      {"hand", [=](const Load& load, Stopwatch& watch) { return run_hand(*topics, load, watch); }});
  add_topology("topology", Shape::kOneThread, Delivery::kAtLeastOnce, "hand");
  add_topology("topology.threads", Shape::kTwoThreads, Delivery::kAtLeastOnce, "hand");
  add_topology("topology.once", Shape::kOneThread, Delivery::kExactlyOnce, "topology");
}

}  // namespace bora::bench
