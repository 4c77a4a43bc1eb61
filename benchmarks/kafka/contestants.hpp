#pragma once

#include <memory>
#include <string>

#include "benchmarks/kafka/topics.hpp"
#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Suite `kafka-consume`: records are read and counted. `bare`: librdkafka by hand; `source`:
/// KafkaSource as a topology uses it.
void add_consume(Suites& suites, const std::shared_ptr<BenchTopics>& topics);

/// Suite `kafka-count`: reports are read, parsed and added up. `hand`: one thread around librdkafka;
/// `topology`: a RecordSpout and two bolts on its thread; `topology.threads`: the last bolt on a
/// thread of its own.
void add_count(Suites& suites, const std::shared_ptr<BenchTopics>& topics);

/// Suite `kafka-publish`: reports are read, parsed, written as readings and produced, until the broker
/// has acknowledged all. `hand`: one thread around librdkafka; `topology`: a RecordSpout, a bolt that
/// parses and a RecordSinkBolt on one thread; `topology.threads`: the last one on a thread of its own;
/// `topology.once`: as `topology`, exactly once, until the last transaction is committed.
/// What is in the topic afterwards is compared.
void add_publish(Suites& suites, const std::shared_ptr<BenchTopics>& topics);

/// Suite `kafka-authentication`: reports of devices whose secrets are remembered become readings, until
/// the broker has acknowledged all. `topology`: with default options, its registry in memory, no bcrypt;
/// `hand`: one thread around librdkafka that parses, rewrites and produces, and checks nobody.
void add_authentication(Suites& suites, const std::shared_ptr<BenchTopics>& topics);

/// Suite `kafka-raw`: reports into the archive. `topology`: the raw topology with default options;
/// `hand`: one thread around librdkafka and RocksDB, same options of the database and batches of the
/// topology's mean size; `rocksdb`: RocksDB alone with entries made beforehand. No syncs.
void add_kafka_raw(Suites& suites, const std::shared_ptr<BenchTopics>& topics);

/// Suite `kafka-effects`: readings are worked off with default options, until they are committed. `hand`:
/// one thread around librdkafka that parses and counts; `thresholds` and `alerts`, with their state in
/// RocksDB, synced, and as `.redis` in the server at `redis` (HOST:PORT; empty: not run); `datapoints`
/// into the embedded store, synced. Nobody is notified, and topic `alerts` is not written.
void add_effects(Suites& suites, const std::shared_ptr<BenchTopics>& topics,
                 const std::string& redis);

}  // namespace bora::bench
