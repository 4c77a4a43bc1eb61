#include <atomic>
#include <semaphore>
#include <vector>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "bora/check.hpp"
#include "spouts/record_spout_options.hpp"

namespace bora::bench {

namespace {

using Topics = std::shared_ptr<BenchTopics>;

/// Takes every partition of a topic.
struct Nobody final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

/// There is nothing to add up but how many there were.
Outcome outcome_of(std::uint64_t records) {
  Outcome outcome;
  for (std::uint64_t i = 0; i < records; ++i)
    outcome.checksum.add_hash(1);
  return outcome;
}

Outcome run_bare(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  BareConsumer consumer{topics.brokers(), topics.reports(load.tuples), kPartitions};
  Meter meter{load.tuples, watch};
  std::uint64_t records = 0;
  while (records < load.tuples) {
    const auto messages = consumer.next();
    if (messages.empty()) continue;
    meter.begin();
    records += messages.size();
    meter.done(messages.size());
  }
  return outcome_of(records);
}

Outcome run_source(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  const SystemClock clock;
  Meter meter{load.tuples, watch};
  MeteredSource source{kafka_source(topics, topics.reports(load.tuples), clock), meter};
  Nobody listener;
  std::binary_semaphore woken{0};
  std::atomic<bool> is_woken{false};
  const Status opened = source.open(listener, [&] {
    if (!is_woken.exchange(true)) woken.release();
  });
  BORA_CHECK(opened.is_ok(), opened.message());
  const std::size_t at_once = RecordSpoutOptions{}.poll_records;
  std::vector<SourceRecord> batch;
  std::uint64_t records = 0;
  while (records < load.tuples) {
    batch.clear();
    const Result<std::size_t> polled = source.poll(at_once, batch);
    BORA_CHECK(polled.is_ok(), polled.status().message());
    records += *polled;
    meter.done(*polled);
    if (*polled > 0 || !woken.try_acquire_for(std::chrono::milliseconds{100})) continue;
    is_woken.store(false);
  }
  source.close();
  return outcome_of(records);
}

}  // namespace

void add_consume(Suites& suites, const Topics& topics) {
  Suite& suite = suites.add({"kafka-consume", "reports from Kafka, counted"});
  suite.contestants.push_back(
      {"bare", [=](const Load& load, Stopwatch& watch) { return run_bare(*topics, load, watch); }});
  suite.contestants.push_back(
      {"source",
       [=](const Load& load, Stopwatch& watch) { return run_source(*topics, load, watch); },
       {"bare"}});
}

}  // namespace bora::bench
