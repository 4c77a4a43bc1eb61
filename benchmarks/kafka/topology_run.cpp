#include "benchmarks/kafka/topology_run.hpp"

#include <chrono>
#include <utility>

#include "bora/check.hpp"
#include "connectors/kafka/kafka_sink.hpp"

namespace bora::bench {

std::unique_ptr<kafka::KafkaSource> kafka_source(BenchTopics& topics, const std::string& topic,
                                                 const Clock& clock) {
  return std::make_unique<kafka::KafkaSource>(
      kafka::KafkaSourceOptions{
          .kafka = {.brokers = topics.brokers()}, .topic = topic, .group = topics.new_group()},
      clock);
}

RecordConnections connections_to(BenchTopics& topics, const std::string& topic, const Clock& clock,
                                 Meter& meter) {
  return {.source =
              [&, topic](std::uint32_t) {
                return std::make_unique<MeteredSource>(kafka_source(topics, topic, clock), meter);
              },
          .dead_letters =
              [brokers = topics.brokers()](std::uint32_t) {
                return std::make_unique<kafka::KafkaSink>(
                    kafka::KafkaSinkOptions{.kafka = {.brokers = brokers}});
              }};
}

bool run_until_done(Result<Topology> topology, Meter& meter) {
  BORA_CHECK(topology.is_ok(), topology.status().message());
  const auto running = RunningTopology::start(*std::move(topology));
  BORA_CHECK(running.is_ok(), running.status().message());
  BORA_CHECK(meter.wait(), "the topology has not finished in two minutes");
  const StopReport report = (*running)->stop(std::chrono::seconds{5});
  std::uint64_t acked = 0;
  for (const TaskMetricsSnapshot& task : (*running)->metrics().tasks)
    if (task.is_spout) acked += task.acked;
  return report.drained && acked == meter.expected();
}

}  // namespace bora::bench
