#pragma once

#include <string>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/topics.hpp"
#include "benchmarks/pipeline/meter.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::bench {

/// By hand, on one thread: reads `load.tuples` reports, parses them, and produces what
/// `reading_of(report)` makes of each to topic `out`, until the broker has acknowledged all.
template <class ReadingOf>
void republish_by_hand(BenchTopics& topics, const std::string& out, const Load& load,
                       Stopwatch& watch, ReadingOf&& reading_of) {
  BareConsumer consumer{topics.brokers(), topics.reports(load.tuples), kPartitions};
  BareProducer producer{topics.brokers(), out};
  Meter meter{load.tuples, watch};
  std::string value;
  for (std::uint64_t records = 0; records < load.tuples;) {
    const auto messages = consumer.next();
    if (messages.empty()) continue;
    meter.begin();
    for (const rd_kafka_message_t* message : messages) {
      const auto report = coldchain::parse_report(value_of(*message));
      if (!report) continue;
      value.clear();
      write_reading(reading_of(*report), value);
      producer.produce(coldchain::record_key(report->device_id), value);
    }
    producer.serve();
    records += messages.size();
  }
  producer.flush();
  meter.done(producer.acknowledged());
}

}  // namespace bora::bench
