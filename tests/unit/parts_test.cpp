#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "host/tap.hpp"
#include "support/raw_records.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/raw/program.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

double value_of(const std::vector<host::Sample>& samples, std::string_view name) {
  for (const host::Sample& sample : samples)
    if (sample.name == name) return sample.value;
  return -1;
}

log::LogOptions log_options(const log::testing::ScratchDirectory& directory) {
  return {.path = directory.path() / "topics", .durability = log::Durability::kUnsynced};
}

}  // namespace

TEST_CASE("making a log part touches nothing; starting it opens the log, stopping lets go of it") {
  const log::testing::ScratchDirectory directory;
  const bora::testing::ManualClock clock;
  parts::LogPart part{log_options(directory), clock};
  CHECK_FALSE(std::filesystem::exists(directory.path() / "topics"));
  CHECK(part.samples().empty());

  REQUIRE(part.start());
  parts::LogPart second{log_options(directory), clock};
  const Status refused = second.start();  // one owner
  CHECK(refused.is_retryable());
  CHECK_THAT(std::string{refused.message()},
             Catch::Contains("it is open already") && Catch::Contains("share topics in Kafka"));

  part.stop(0ms);
  CHECK(second.start());
  second.stop(0ms);
}

TEST_CASE("looking at the whole of a topic leaves it as it is, and only a table is compacted") {
  const log::testing::ScratchDirectory directory;
  const bora::testing::ManualClock clock;
  parts::LogPart part{log_options(directory), clock};
  REQUIRE(part.start());
  Record letter;  // a compacted topic takes no record without a key
  letter.value = "broken";
  REQUIRE(part.log().append("reports.dlq", std::vector{letter}));
  struct Listener final : AssignmentListener {
    void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
    void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
  } listener;
  {
    const auto source = part.whole("reports.dlq")();
    REQUIRE(source->open(listener, [] {}));
    CHECK(source->lag() == 1u);
  }
  CHECK(part.log().append("reports.dlq", std::vector{letter}));
  {
    const auto table = part.table("reports.dlq")();
    REQUIRE(table->open(listener, [] {}));
  }
  CHECK_FALSE(part.log().append("reports.dlq", std::vector{letter}));
  part.stop(0ms);
}

TEST_CASE("a log part's connections read a topic as a group, and its samples say how far behind") {
  const log::testing::ScratchDirectory directory;
  const bora::testing::ManualClock clock;
  parts::LogPart part{log_options(directory), clock};
  REQUIRE(part.start());
  for (std::uint64_t n = 0; n < 10; ++n)
    REQUIRE(part.log().append("reports", std::vector{raw::testing::report_record(1, n)}));
  {
    const RecordConnections connections = part.connections("reports", "raw");
    const std::unique_ptr<RecordSource> source = connections.source(0);
    CHECK(source->topic() == "reports");
    struct Listener final : AssignmentListener {
      void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t) override {
        epochs[partition] = epoch;
      }
      void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
      std::map<std::uint32_t, std::uint32_t> epochs;
    } listener;
    REQUIRE(source->open(listener, [] {}));
    std::vector<SourceRecord> records;
    REQUIRE(source->poll(4, records));
    REQUIRE(records.size() == 4);  // of one device, so of one partition
    CHECK(value_of(part.samples(), "topic_log_group_lag_records") == 10);
    const std::uint32_t partition = records[0].position.partition;
    REQUIRE(source->commit(std::vector<CommitRequest>{{partition, listener.epochs[partition], 4}}));
    CHECK(value_of(part.samples(), "topic_log_group_lag_records") == 6);
    CHECK(value_of(part.samples(), "topic_log_appended_records_total") == 10);
    source->close();

    const std::unique_ptr<RecordSink> letters = connections.dead_letters(0);
    REQUIRE(letters->append("reports.dlq", raw::testing::report_record(1, 0), 1));
    REQUIRE(letters->flush(5s));
    std::vector<RecordSink::Delivery> deliveries;
    CHECK(letters->poll(deliveries) == 1);
    CHECK(deliveries.at(0).status);
  }
  part.stop(0ms);
  CHECK(part.samples().empty());
}

TEST_CASE("an archive part shows its entries, and says why it does not start") {
  const log::testing::ScratchDirectory directory;
  raw::ArchivePart part{{.path = directory.path() / "archive",
                         .durability = raw::ArchiveOptions::Durability::kUnsynced}};
  CHECK(part.samples().empty());
  REQUIRE(part.start());
  CHECK(value_of(part.samples(), "raw_archive_entries") == 0);
  const raw::ArchiveEntry entry{.message = "a message"};
  REQUIRE(part.archive().put({&entry, 1}));
  CHECK(value_of(part.samples(), "raw_archive_entries") == 1);

  raw::ArchivePart second{{.path = directory.path() / "archive"}};
  const Status refused = second.start();
  CHECK(refused.is_retryable());
  CHECK_THAT(std::string{refused.message()}, Catch::Contains("it is open already"));
  part.stop(0ms);
}

TEST_CASE("in a process, what is read and written can be looked at, and goes its way unchanged") {
  const log::testing::ScratchDirectory directory;
  const bora::testing::ManualClock clock;
  host::Taps taps{clock};
  parts::LogPart part{log_options(directory), clock};
  part.attach({.taps = &taps});
  REQUIRE(part.start());
  std::vector<std::string> seen;
  const auto watch = [&](const std::string& stream) {
    taps.point(stream)->watch(50, [&](std::string_view sample) {
      seen.emplace_back(sample);
      return true;
    });
  };
  {
    watch("write:reports");
    watch("read:reports");
    const std::unique_ptr<RecordSink> sink = part.sinks()(0);
    Record record;
    record.key = "1";
    record.value = R"({"device":1,"auth":"s3cret"})";
    REQUIRE(sink->append("reports", record, 0));
    REQUIRE(sink->flush(10s));
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].find(R"("stream":"write:reports")") != std::string::npos);

    struct Listener final : AssignmentListener {
      void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
      void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
    } listener;
    const std::unique_ptr<RecordSource> source = part.connections("reports", "raw").source(0);
    REQUIRE(source->open(listener, [] {}));
    std::vector<SourceRecord> records(1);  // what is there already is not shown
    REQUIRE(source->poll(4, records));
    REQUIRE(records.size() == 2);
    CHECK(records[1].record.value == record.value);
    REQUIRE(seen.size() == 2);
    CHECK(seen[1].find(R"("stream":"read:reports")") != std::string::npos);
    CHECK(seen[1].find(R"("offset":0,"key":"1")") != std::string::npos);
    for (const std::string& sample : seen)
      CHECK(sample.find("s3cret") == std::string::npos);
    source->close();
  }
  part.stop(0ms);
}
