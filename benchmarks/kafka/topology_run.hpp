#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/topics.hpp"
#include "bora/clock.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "spouts/record_spout_driver.hpp"

namespace bora::bench {

/// A source of the topic in a group of its own, with default options.
[[nodiscard]] std::unique_ptr<kafka::KafkaSource> kafka_source(BenchTopics& topics,
                                                               const std::string& topic,
                                                               const Clock& clock);

/// The same as a RecordSpout wants it, metered. All of the arguments outlive the topology.
[[nodiscard]] RecordConnections connections_to(BenchTopics& topics, const std::string& topic,
                                               const Clock& clock, Meter& meter);

/// Runs until the meter has seen everything. True when all records were acked once, and none was left.
/// Ends the program when the topology does not start, or does not finish.
[[nodiscard]] bool run_until_done(Result<Topology> topology, Meter& meter);

}  // namespace bora::bench
