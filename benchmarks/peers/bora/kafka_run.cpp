#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/peers/bora/graphs.hpp"
#include "benchmarks/peers/bora/kafka_messages.hpp"
#include "benchmarks/peers/bora/kafka_topics.hpp"
#include "benchmarks/peers/bora/measure.hpp"
#include "bolts/record_sink_bolt.hpp"
#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/transaction.hpp"
#include "spouts/consumed_record.hpp"
#include "spouts/record_spout.hpp"

namespace bora::peers {

namespace {

using namespace std::chrono_literals;

// As docs/kafka.md advises where rate counts for more than some milliseconds.
constexpr std::uint32_t kMaxInFlight = 65'536;
constexpr const char* kLinger = "20";
constexpr std::size_t kMostBytes = 80;  // of a message

/// Parses, drops every tenth device, turns into Fahrenheit.
class RewriteBolt final : public Bolt<ConsumedRecord, Measurement> {
 public:
  void execute(const ConsumedRecord& in) override {
    Measurement measurement = parser_.parse(in->value);
    if (is_dropped(measurement)) return;
    measurement.value = to_fahrenheit(measurement.value);
    out.emit(measurement);
  }

 private:
  MessageParser parser_;
};

struct Ends {
  RecordConnections in;
  SinkConnection out;
};

std::unique_ptr<kafka::KafkaSource> source_of(const Options& options, const Clock& clock) {
  return std::make_unique<kafka::KafkaSource>(
      kafka::KafkaSourceOptions{.kafka = {.brokers = options.brokers},
                                .topic = options.topic_in,
                                .group = options.topic_out + "-bora"},
      clock);
}

SinkConnection sink_of(const Options& options) {
  return [brokers = options.brokers](std::uint32_t) {
    return std::make_unique<kafka::KafkaSink>(kafka::KafkaSinkOptions{
        .kafka = {.brokers = brokers, .properties = {{"linger.ms", kLinger}}}});
  };
}

Ends ends_of(const Options& options, const Clock& clock, Progress::Counter& committed) {
  if (options.guarantee == Guarantee::kAtLeastOnce) {
    return {{.source = [&](std::uint32_t) { return source_of(options, clock); },
             .dead_letters = sink_of(options)},
            sink_of(options)};
  }
  auto made =
      kafka::Transaction::make({.kafka = {.brokers = options.brokers}, .id = options.topic_out});
  BORA_CHECK(made.is_ok(), made.status().message());
  const std::shared_ptr<kafka::Transaction> transaction = *std::move(made);
  const SinkConnection sink = [transaction](std::uint32_t) { return transaction->sink(); };
  return {{.source =
               [&, transaction](std::uint32_t) {
                 auto source = source_of(options, clock);
                 transaction->follow(*source);
                 return source;
               },
           .dead_letters = sink,
           .transaction = std::make_shared<bench::MeteredTransaction>(
               transaction, [&committed](std::uint64_t records) { committed.add(records); })},
          sink};
}

Topology build(const Options& options, const Ends& ends) {
  TopologyBuilder topology{"kafka"};
  auto records =
      topology.spout("records",
                     [&] {
                       return RecordSpout<ConsumedRecord>{ends.in, {.max_held = 2 * kMaxInFlight}};
                     },
                     {.max_in_flight = kMaxInFlight});
  auto rewrite = topology.bolt("rewrite", [] { return RewriteBolt{}; }).local(records);
  auto publish = topology.bolt("publish", [&] {
    return RecordSinkBolt<Measurement>{
        ends.out, [topic = options.topic_out](const Measurement& in) -> Result<OutgoingRecord> {
          OutgoingRecord record{topic, {}};
          record.record.value.reserve(kMostBytes);
          record.record.key = std::to_string(in.device);
          write_fahrenheit(in, record.record.value);
          return record;
        }};
  });
  if (options.variant == Variant::kLocal) {
    publish.local(rewrite);
  } else {
    publish.fields(rewrite, &Measurement::device);
  }
  Result<Topology> built = topology.build();
  BORA_CHECK(built.is_ok(), built.status().message());
  return *std::move(built);
}

std::uint64_t acked_of(const RunningTopology& topology) {
  std::uint64_t acked = 0;
  for (const TaskMetricsSnapshot& task : topology.metrics().tasks)
    if (task.is_spout) acked += task.acked;
  return acked;
}

bool has_taken_a_record(const RunningTopology& topology) {
  for (const TaskMetricsSnapshot& task : topology.metrics().tasks)
    if (task.component == "rewrite") return task.executed > 0;
  return false;
}

/// From the first record that is read until the last is done; joining a group is not measured.
Measured measure_records(Options options, const std::function<bool()>& has_begun,
                         const std::function<std::uint64_t()>& completed) {
  BORA_CHECK(wait_until(has_begun), "no record came within a minute");
  options.seconds = 600;  // it ends when all is done
  return measure(options, completed, [&] { return completed() >= options.records; });
}

}  // namespace

RunResult run_kafka(const Options& options) {
  const SystemClock clock;
  Progress::Counter committed;
  const Ends ends = ends_of(options, clock, committed);
  auto running = RunningTopology::start(build(options, ends));
  BORA_CHECK(running.is_ok(), running.status().message());
  const bool is_committed = options.guarantee == Guarantee::kExactlyOnce;
  RunResult result;
  result.measured = measure_records(
      options, [&] { return has_taken_a_record(**running); },
      [&] { return is_committed ? committed.get() : acked_of(**running); });
  static_cast<void>((*running)->stop(10s));
  for (const TaskMetricsSnapshot& task : (*running)->metrics().tasks)
    if (task.is_spout) result.replays += task.failed;
  result.sent = options.records;
  result.received = read_back(options);
  result.settings = {{"max_in_flight", std::to_string(kMaxInFlight)},
                     {"max_held", std::to_string(2 * kMaxInFlight)},
                     {"linger.ms of the producer", is_committed ? "5" : kLinger},
                     {"all other options", "default"},
                     {"threads of the topology", options.variant == Variant::kLocal ? "1" : "2"}};
  return result;
}

RunResult run_bare_kafka(const Options& options) {
  bench::BareConsumer consumer{options.brokers, options.topic_in,
                               partitions_of(options.brokers, options.topic_in)};
  bench::BareProducer producer{options.brokers, options.topic_out};
  Progress::Counter completed;
  std::atomic<bool> has_begun{false};
  std::jthread work{[&] {
    MessageParser parser;
    std::string value;
    std::uint64_t dropped = 0;
    for (std::uint64_t records = 0; records < options.records;) {
      for (const rd_kafka_message_t* message : consumer.next()) {
        ++records;
        has_begun.store(true, std::memory_order_relaxed);  // orders nothing
        Measurement measurement = parser.parse(bench::value_of(*message));
        if (is_dropped(measurement)) {
          ++dropped;
          continue;
        }
        measurement.value = to_fahrenheit(measurement.value);
        value.clear();
        write_fahrenheit(measurement, value);
        producer.produce(std::to_string(measurement.device), value);
      }
      producer.serve();
      completed.set(producer.acknowledged() + dropped);
    }
    producer.flush();
    completed.set(producer.acknowledged() + dropped);
  }};
  RunResult result;
  result.measured = measure_records(
      options, [&] { return has_begun.load(); }, [&] { return completed.get(); });
  work.join();
  result.sent = options.records;
  result.received = read_back(options);
  result.settings = {{"by hand", "no group, no commits, no retries, check.crcs off"}};
  return result;
}

}  // namespace bora::peers
