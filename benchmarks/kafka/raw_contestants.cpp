#include <algorithm>
#include <span>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "benchmarks/pipeline/raw_archive.hpp"
#include "bora/check.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/topology.hpp"

namespace bora::bench {

namespace {

using Topics = std::shared_ptr<BenchTopics>;
constexpr std::uint64_t kMostReports = 500'000;

/// Of the topology's last run: what the others write in.
using Batch = std::shared_ptr<std::size_t>;

Outcome run_topology(BenchTopics& topics, std::size_t& batch, const Load& load, Stopwatch& watch) {
  const BenchDirectory directory;
  const SystemClock clock;
  Meter meter{load.tuples, watch};
  Outcome outcome;
  {
    auto archive = raw::Archive::open(
        {.path = directory.path(), .durability = raw::ArchiveOptions::Durability::kUnsynced});
    BORA_CHECK(archive.is_ok(), archive.status().message());
    MeteredArchive metered{**archive, meter};
    raw::RawOptions options;
    options.topic = topics.reports(load.tuples);
    options.messages = "reports";
    outcome.acks_complete = run_until_done(
        raw::make_topology(options,
                           {.connections = connections_to(topics, options.topic, clock, meter),
                            .archive = [&]() -> raw::ArchiveWriter& { return metered; }}),
        meter);
    batch = metered.mean_batch();
  }
  outcome.checksum = checksum_of(*open_database(directory.path()));
  return outcome;
}

Outcome run_hand(BenchTopics& topics, std::size_t batch, const Load& load, Stopwatch& watch) {
  const BenchDirectory directory;
  const auto database = open_database(directory.path());
  BareConsumer consumer{topics.brokers(), topics.reports(load.tuples), kPartitions};
  Meter meter{load.tuples, watch};
  std::vector<RawEntry> entries(batch);
  std::size_t gathered = 0;
  for (std::uint64_t records = 0; records < load.tuples;) {
    for (const rd_kafka_message_t* message : consumer.next()) {
      meter.begin();
      const std::string_view value = value_of(*message);
      const auto identity = coldchain::parse_identity(coldchain::MessageKind::kReport, value);
      if (!identity) continue;
      make_entry(*identity, place_of(*message), value, entries[gathered++]);
      if (++records < load.tuples && gathered < batch) continue;
      write_batch(*database, {}, std::span{entries}.first(gathered));
      gathered = 0;
    }
  }
  meter.done(load.tuples);
  return {.checksum = checksum_of(*database)};
}

Outcome run_rocksdb(BenchTopics& topics, std::size_t batch, const Load& load, Stopwatch& watch) {
  const std::vector<RawEntry>& entries = topics.entries(load.tuples);
  const BenchDirectory directory;
  const auto database = open_database(directory.path());
  watch.start();
  for (std::span<const RawEntry> left{entries}; !left.empty();) {
    const auto now = left.first(std::min(left.size(), batch));
    write_batch(*database, {}, now);
    left = left.subspan(now.size());
  }
  watch.stop();
  return {.checksum = checksum_of(*database)};
}

}  // namespace

void add_kafka_raw(Suites& suites, const Topics& topics) {
  Suite& suite = suites.add({.name = "kafka-raw",
                             .about = "reports of 1,024 devices from Kafka into the archive; "
                                      "RocksDB alone takes the same entries"});
  suite.most_tuples = kMostReports;
  const auto batch = std::make_shared<std::size_t>(raw::RawOptions{}.batch_records);
  suite.contestants.push_back({"topology",
                               [=](const Load& load, Stopwatch& watch) {
                                 return run_topology(*topics, *batch, load, watch);
                               },
                               {"hand", "rocksdb"}});
  suite.contestants.push_back(
      {"hand",
       [=](const Load& load, Stopwatch& watch) { return run_hand(*topics, *batch, load, watch); },
       {"rocksdb"}});
  suite.contestants.push_back({"rocksdb", [=](const Load& load, Stopwatch& watch) {
                                 return run_rocksdb(*topics, *batch, load, watch);
                               }});
}

}  // namespace bora::bench
