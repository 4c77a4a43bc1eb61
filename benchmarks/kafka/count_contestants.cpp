#include <bit>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/parse_bolt.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "bora/check.hpp"
#include "spouts/record_spout.hpp"

namespace bora::bench {

namespace {

using coldchain::Report;
using Topics = std::shared_ptr<BenchTopics>;

void add(Checksum& checksum, const Report& report) noexcept {
  checksum.add_hash((to_uint(report.device_id) * 0x9E3779B97F4A7C15ULL) ^
                    std::bit_cast<std::uint64_t>(report.temperature) ^
                    static_cast<std::uint64_t>(to_millis(report.time)));
}

Outcome run_hand(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  BareConsumer consumer{topics.brokers(), topics.reports(load.tuples), kPartitions};
  Meter meter{load.tuples, watch};
  Outcome outcome;
  while (outcome.checksum.count() < load.tuples) {
    const auto messages = consumer.next();
    if (messages.empty()) continue;
    meter.begin();
    for (const rd_kafka_message_t* message : messages) {
      const auto report = coldchain::parse_report(value_of(*message));
      if (report) add(outcome.checksum, *report);
    }
    meter.done(messages.size());
  }
  return outcome;
}

class CountBolt final : public Bolt<Report> {
 public:
  CountBolt(Meter& meter, Checksum& result) : meter_(meter), result_(result) {}
  void execute(const Report& in) override {
    add(checksum_, in);
    meter_.done();
  }
  void close() override { result_.add(checksum_); }

 private:
  Meter& meter_;
  Checksum& result_;
  Checksum checksum_;
};

enum class Shape { kOneThread, kTwoThreads };

Outcome run_topology(BenchTopics& topics, Shape shape, const Load& load, Stopwatch& watch) {
  const SystemClock clock;
  Meter meter{load.tuples, watch};
  Outcome outcome;
  const RecordConnections connections =
      connections_to(topics, topics.reports(load.tuples), clock, meter);
  TopologyBuilder topology{"count"};
  auto records =
      topology.spout("records", [&] { return RecordSpout<ConsumedRecord>{connections}; });
  auto parse = topology.bolt("parse", [] { return ParseReportBolt{}; }).local(records);
  auto count = topology.bolt("count", [&] { return CountBolt{meter, outcome.checksum}; });
  if (shape == Shape::kOneThread) {
    count.local(parse);
  } else {
    count.fields(parse, &Report::device_id);
  }
  outcome.acks_complete = run_until_done(topology.build(), meter);
  return outcome;
}

}  // namespace

void add_count(Suites& suites, const Topics& topics) {
  Suite& suite = suites.add({"kafka-count", "reports from Kafka, parsed, counted"});
  const auto add_topology = [&](const char* name, Shape shape) {
    suite.contestants.push_back({name,
                                 [=](const Load& load, Stopwatch& watch) {
                                   return run_topology(*topics, shape, load, watch);
                                 },
                                 {"hand"}});
  };
  suite.contestants.push_back(
      {"hand", [=](const Load& load, Stopwatch& watch) { return run_hand(*topics, load, watch); }});
  add_topology("topology", Shape::kOneThread);
  add_topology("topology.threads", Shape::kTwoThreads);
}

}  // namespace bora::bench
