#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "services/gateway/malformed.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "support/raw_records.hpp"
#include "topologies/raw/bolts.hpp"
#include "topologies/raw/topology.hpp"

using namespace bora;
using namespace bora::raw;
using namespace bora::raw::testing;
using namespace std::chrono_literals;
using bora::testing::BoltTester;
using bora::testing::Fed;
using coldchain::DeviceId;

namespace {

ConsumedRecord consumed(Record record, std::int64_t offset = 0, std::uint32_t partition = 0) {
  return {{.partition = partition, .offset = offset, .epoch = 1},
          std::make_shared<const Record>(std::move(record))};
}

auto parse_reports() {
  return [] { return ParseBolt{coldchain::MessageKind::kReport}; };
}

/// A row as ParseBolt makes it.
ArchiveRow row(std::uint64_t device, std::int64_t offset) {
  const auto n = static_cast<std::uint64_t>(offset);
  return {consumed(report_record(device, n), offset, 2),
          {.device_id = DeviceId{device}, .gateway_id = {}, .time = report_of(device, n).time}};
}

auto write_to(ArchiveWriter& archive, BatchOptions<ArchiveRow> options = {}) {
  return [&archive, options] {
    return ArchiveBolt{[&archive]() -> ArchiveWriter& { return archive; }, options};
  };
}

/// By age, so that a test decides when a batch is written.
BatchOptions<ArchiveRow> batches_of(std::size_t items) {
  BatchOptions<ArchiveRow> options;
  options.max_items = items;
  options.max_age = 100ms;
  options.flush = BatchFlush::kByAge;
  return options;
}

/// Keeps what it was given last.
class SpyArchive final : public ArchiveWriter {
 public:
  Status put(std::span<const ArchiveEntry> entries) override {
    for (const ArchiveEntry& entry : entries) {
      entries_.push_back(entry);
      messages_.emplace_back(entry.message);
    }
    return {};
  }
  std::vector<ArchiveEntry> entries_;
  std::vector<std::string> messages_;
};

std::string edges_of(const Topology& topology) {
  std::string text;
  for (const auto& [from, stream, to, grouping] : topology.edges())
    text.append(from).append(" -").append(grouping).append("-> ").append(to).append("\n");
  return text;
}

}  // namespace

TEST_CASE("a good report becomes a row with the record itself and its ids") {
  BoltTester t{parse_reports()};
  const ConsumedRecord record = consumed(report_record(12, 3), 77, 4);
  CHECK(t.feed(record).acked());
  REQUIRE(t.emitted().size() == 1);
  const ArchiveRow& made = t.emitted().front();
  CHECK(made.record.record == record.record);  // the same object: no payload is copied
  CHECK(made.record.position == record.position);
  CHECK(made.identity.device_id == DeviceId{12});
  CHECK(made.identity.time == from_millis(kMeasuredMillis + 3));
}

TEST_CASE("readings are read as readings") {
  std::string value;
  coldchain::write_reading(coldchain::to_reading(report_of(5, 1), from_millis(kMeasuredMillis)),
                           value);
  BoltTester readings{[] { return ParseBolt{coldchain::MessageKind::kReading}; }};
  CHECK(readings.feed(consumed(record_of(5, value))).acked());
  BoltTester reports{parse_reports()};
  CHECK(reports.feed(consumed(record_of(5, value))).failed());  // it has no credentials
}

TEST_CASE("every kind of malformed report fails as permanent, its reason first") {
  BoltTester t{parse_reports()};
  for (const gateway::Malformation how : gateway::kMalformations) {
    const std::string reason{coldchain::to_string(gateway::reason_of(how))};
    CAPTURE(reason);
    const Fed fed = t.feed(consumed(record_of(12, gateway::malformed(report_of(12, 0), how))));
    REQUIRE(fed.failed());
    CHECK(fed.failure().kind == FailureKind::kPermanent);
    CHECK_THAT(fed.failure().reason, Catch::StartsWith(reason + ": "));
    CHECK(fed.failure().reason.find("B12F31EB") == std::string::npos);  // no secret leaks
  }
  CHECK(t.emitted().empty());
}

TEST_CASE("the clock skew of a message is judged by its record's timestamp, not by the hour") {
  BoltTester t{parse_reports()};
  Record record = report_record(12, 0);
  record.timestamp = from_millis(kMeasuredMillis) - 5min;
  CHECK(t.feed(consumed(record)).acked());
  record.timestamp -= 1ms;
  const Fed early = t.feed(consumed(record));
  REQUIRE(early.failed());
  CHECK(early.failure().kind == FailureKind::kPermanent);
  CHECK_THAT(early.failure().reason, Catch::StartsWith("clock_skew: "));
  t.clock().jump_wall(24h);  // a replay a day later decides the same
  CHECK(t.feed(consumed(record)).failed());
}

TEST_CASE("rows are written in one batch, and acked only then") {
  MemoryArchive archive;
  BoltTester t{write_to(archive, batches_of(3))};
  const auto first = t.feed_all({row(1, 0), row(2, 1)});
  CHECK(first[0].pending());
  CHECK(archive.puts() == 0);
  const Fed last = t.feed(row(3, 2));
  CHECK(archive.puts() == 1);
  CHECK(archive.size() == 3);
  CHECK(first[0].acked());
  CHECK(first[1].acked());
  CHECK(last.acked());

  const Fed lonely = t.feed(row(4, 3));
  CHECK(lonely.pending());
  t.advance(100ms);
  CHECK(lonely.acked());
  CHECK(archive.puts() == 2);
}

TEST_CASE("an entry is made of its record alone: bytes, timestamp and place") {
  SpyArchive archive;
  BoltTester t{write_to(archive)};
  const ArchiveRow given = row(9, 41);
  REQUIRE(t.feed(given).acked());
  REQUIRE(archive.entries_.size() == 1);
  const ArchiveEntry& entry = archive.entries_.front();
  CHECK(archive.messages_.front() == given.record->value);
  CHECK(entry.device_id == DeviceId{9});
  CHECK(entry.inserted == given.record->timestamp);
  CHECK(entry.measured == given.identity.time);
  CHECK(entry.partition == 2);
  CHECK(entry.offset == 41);
}

TEST_CASE("whatever is wrong with the archive, its messages wait for it and none is given up") {
  const auto kind = GENERATE(ErrorKind::kUnavailable, ErrorKind::kCorrupt, ErrorKind::kInvalid,
                             ErrorKind::kInternal);
  CAPTURE(to_string(kind));
  MemoryArchive archive;
  archive.go_away(kind);
  BoltTester t{write_to(archive, batches_of(2))};
  const auto fed = t.feed_all({row(1, 0), row(2, 1)});
  for (const Fed& one : fed) {
    REQUIRE(one.failed());
    CHECK(one.failure().kind == FailureKind::kUnavailable);
    CHECK(one.failure().reason == "the archive of this test is away");
  }
  CHECK(archive.puts() == 1);  // no halves: it is not a message's fault
  archive.come_back();
  CHECK(t.feed_all({row(1, 0), row(2, 1)})[1].acked());
}

TEST_CASE("a topic that raw cannot read is refused, with those that it can") {
  RawOptions options;
  options.topic = "registry";
  const auto topology = make_topology(options, {});
  REQUIRE_FALSE(topology);
  CHECK(topology.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(topology.error().message,
             Catch::Contains("'registry'") && Catch::Contains("readings or reports"));
}

TEST_CASE("the raw topology parses on the spout's thread and archives by device") {
  RawOptions options;
  options.archive_tasks = 2;
  const auto topology = make_topology(options, {});
  REQUIRE(topology);
  CHECK(edges_of(*topology) ==
        "records -local-> parse\n"
        "parse -fields(device_id)-> archive\n");
  CHECK(topology->warnings().empty());  // the source is partitioned by device
  REQUIRE(topology->nodes().size() == 3);
  CHECK(topology->nodes()[2].tasks == 2);
}

TEST_CASE("the raw topology archives what is good and gives up what is not, once each") {
  test::MemoryBroker broker;
  broker.create_topic("reports", 2);
  broker.create_topic("reports.dlq", 1);
  for (std::uint64_t n = 0; n < 20; ++n)
    broker.append("reports", report_record(n % 5, n));
  broker.append("reports", record_of(3, "not JSON"));

  bora::testing::ManualClock clock;
  MemoryArchive archive;
  RawOptions options;
  options.topic = "reports";
  auto topology = make_topology(
      options, {.connections = {
                    .source =
                        [&](std::uint32_t) {
                          return std::make_unique<test::MemorySource>(
                              broker, test::MemorySourceOptions{.topic = "reports"});
                        },
                    .dead_letters =
                        [&](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); }},
                .archive = [&]() -> ArchiveWriter& { return archive; }});
  REQUIRE(topology);
  auto running = bora::testing::SteppedTopology::open(std::move(*topology), clock);
  REQUIRE(running);
  (*running)->run();
  (*running)->advance(2s);
  CHECK(archive.size() == 20);
  CHECK(archive.repeated() == 0);
  const auto letters = broker.records("reports.dlq");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].record.value == "not JSON");
  CHECK(broker.committed("group", "reports", 0) + broker.committed("group", "reports", 1) == 21);
}
