#include "benchmarks/pipeline/raw_contestants.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "benchmarks/pipeline/raw_archive.hpp"
#include "benchmarks/pipeline/raw_input.hpp"
#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "connectors/log/log_sink.hpp"
#include "connectors/log/log_source.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/topology.hpp"

namespace bora::bench {

namespace {

using namespace std::chrono_literals;
using Durability = raw::ArchiveOptions::Durability;

constexpr std::uint64_t kMostReports = 500'000;

/// What the contestants of one sync policy share: the input, made by the first that runs, and how the
/// topology wrote it.
struct RawSuite {
  std::shared_ptr<RawInput> input;
  std::uint64_t reports = 0;
  int runs = 0;

  RawInput& input_of(std::uint64_t wanted) {
    if (input == nullptr || reports != wanted) input = std::make_shared<RawInput>(wanted);
    reports = wanted;
    return *input;
  }
};

struct Policy {
  Durability durability;
  std::size_t batch = raw::RawOptions{}.batch_records;  // mean of the topology's last run
};

Topology raw_topology(RawInput& input, const std::string& group, raw::ArchiveWriter& archive) {
  raw::RawOptions options;
  options.topic = RawInput::kTopic;
  options.group = group;
  auto topology = raw::make_topology(
      options,
      {.connections = {
           .source =
               [&input, group](std::uint32_t) {
                 return std::make_unique<log::LogSource>(
                     input.log(), log::LogSourceOptions{.topic = RawInput::kTopic, .group = group});
               },
           .dead_letters =
               [&input](std::uint32_t) { return std::make_unique<log::LogSink>(input.log()); }},
       .archive = [&archive]() -> raw::ArchiveWriter& { return archive; }});
  BORA_CHECK(topology.is_ok(), topology.status().message());
  return *std::move(topology);
}

/// Measured from before the components open until the last entry is in the archive.
Outcome run_topology(RawSuite& suite, Policy& policy, const Load& load, Stopwatch& watch) {
  RawInput& input = suite.input_of(load.tuples);
  const BenchDirectory directory;
  bool acked = false;
  {
    auto archive = raw::Archive::open({.path = directory.path(), .durability = policy.durability});
    BORA_CHECK(archive.is_ok(), archive.status().message());
    Meter meter{load.tuples, watch};
    MeteredArchive metered{**archive, meter};
    Topology topology = raw_topology(input, "run " + std::to_string(++suite.runs), metered);
    meter.begin();
    auto running = RunningTopology::start(std::move(topology));
    BORA_CHECK(running.is_ok(), running.status().message());
    BORA_CHECK(meter.wait(), "the raw topology has not finished in two minutes");
    const StopReport report = (*running)->stop(5s);
    std::uint64_t done = 0;
    for (const TaskMetricsSnapshot& task : (*running)->metrics().tasks)
      if (task.is_spout) done += task.acked;
    acked = report.drained && done == load.tuples;
    policy.batch = metered.mean_batch();
  }
  return {.checksum = checksum_of(*open_database(directory.path())), .acks_complete = acked};
}

Outcome run_rocksdb(RawSuite& suite, const Policy& policy, const Load& load, Stopwatch& watch) {
  const RawInput& input = suite.input_of(load.tuples);
  const BenchDirectory directory;
  const auto database = open_database(directory.path());
  rocksdb::WriteOptions how;
  how.sync = policy.durability == Durability::kSynced;

  watch.start();
  std::span<const RawEntry> left{input.entries()};
  while (!left.empty()) {
    const auto now = left.first(std::min(left.size(), policy.batch));
    write_batch(*database, how, now);
    left = left.subspan(now.size());
  }
  watch.stop();
  return {.checksum = checksum_of(*database)};
}

}  // namespace

void add_raw(Suites& suites) {
  Suite& added = suites.add({.name = "raw",
                             .about = "reports of 1,024 devices from the embedded log into the "
                                      "archive; RocksDB alone takes the same entries"});
  added.most_tuples = kMostReports;
  const auto suite = std::make_shared<RawSuite>();
  const auto add = [&](const std::string& suffix, Durability durability) {
    const auto policy = std::make_shared<Policy>(Policy{durability});
    added.contestants.push_back({"topology" + suffix,
                                 [=](const Load& load, Stopwatch& watch) {
                                   return run_topology(*suite, *policy, load, watch);
                                 },
                                 {"rocksdb" + suffix}});
    added.contestants.push_back({"rocksdb" + suffix, [=](const Load& load, Stopwatch& watch) {
                                   return run_rocksdb(*suite, *policy, load, watch);
                                 }});
  };
  add("", Durability::kUnsynced);
  add(".synced", Durability::kSynced);
}

}  // namespace bora::bench
