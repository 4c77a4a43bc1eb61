#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "bolts/record_sink_bolt.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

constexpr int kRecords = 20'000;
constexpr std::uint32_t kPartitions = 4;

/// "in" -> two spout tasks -> two sink tasks -> "out", with faults on every side.
Topology copy_topology(test::MemoryBroker& broker) {
  TopologyBuilder builder{"copy"};
  const RecordConnections connections{
      .source =
          [&broker](std::uint32_t task) {
            test::MemorySourceOptions options{.topic = "in", .seed = task + 1};
            options.faults = {.revoke = 0.01, .lose = 0.01, .unavailable = 0.01, .short_poll = 0.2};
            return std::make_unique<test::MemorySource>(broker, options);
          },
      .dead_letters =
          [&broker](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); }};
  RecordSpoutOptions options;
  options.commit_every = 10ms;
  options.retry.first_backoff = 1ms;
  options.retry.max_outage_backoff = 5ms;
  auto in = builder.spout("in",
                          [=] {
                            return RecordSpout<ConsumedRecord>{connections, options};
                          },
                          {.tasks = 2});
  const auto connect = [&broker](std::uint32_t task) {
    return std::make_unique<test::MemorySink>(
        broker,
        test::MemorySinkOptions{.capacity = 64,
                                .seed = task + 1,
                                .faults = {.unavailable = 0.001, .fail = 0.01, .slowest = 3}});
  };
  const auto encode = [](const ConsumedRecord& record) -> Result<OutgoingRecord> {
    return OutgoingRecord{"out", *record};
  };
  builder.bolt("out",
               [=] {
                 return RecordSinkBolt<ConsumedRecord>{connect, encode};
               },
               {.tasks = 2})
      .shuffle(in);
  return builder.build().value();
}

bool is_committed(const test::MemoryBroker& broker) {
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    const auto records = broker.records("in", p);
    if (!records.empty() && broker.committed("group", "in", p) <= records.back().offset) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("records on threads: every record arrives and is committed while partitions move about") {
  test::MemoryBroker broker;
  broker.create_topic("in", kPartitions);
  broker.create_topic("in.dlq", 1);
  broker.create_topic("out", 1);
  auto started = RunningTopology::start(copy_topology(broker));
  REQUIRE(started.is_ok());
  for (int i = 0; i < kRecords; ++i) {
    broker.append("in", Record{"k" + std::to_string(i), std::to_string(i), {}, {}});
  }
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!is_committed(broker) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  CHECK(is_committed(broker));
  CHECK((*started)->stop(10s).drained);
  std::set<std::string> values;
  for (const auto& stored : broker.records("out"))
    values.insert(stored.record.value);
  CHECK(values.size() == kRecords);
  CHECK(broker.records("in.dlq").empty());
}
