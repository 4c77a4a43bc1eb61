#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/partitioner.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;
using namespace std::chrono_literals;

namespace {

/// A log with one topic of one partition, whose appends are ten seconds apart, 10 records each.
struct AgedLog : LogFixture {
  explicit AgedLog(const TopicOptions& retention) {
    TopicOptions topic = retention;
    topic.partitions = 1;
    open();
    BORA_CHECK(log->create_topic("t", topic).is_ok(), "no topic");
  }
  void append_ten() {
    std::vector<Record> records;
    for (int i = 0; i < 10; ++i)
      records.push_back(keyed("k", std::string(100, 'x')));
    append(*log, "t", records);
    clock.wall += 10s;
  }
  [[nodiscard]] PartitionStats bounds() const { return log->stats().topics.at(0).partitions.at(0); }
  std::uint64_t enforce() {
    const auto removed = log->enforce_retention(clock.wall);
    BORA_CHECK(removed.is_ok(), removed.status().message());
    return *removed;
  }
};

TopicOptions by_age(std::chrono::milliseconds age) {
  TopicOptions options;
  options.retention_age = age;
  return options;
}

TopicOptions by_bytes(std::uint64_t bytes) {
  TopicOptions options;
  options.retention_bytes = bytes;
  return options;
}

}  // namespace

TEST_CASE("without retention everything stays") {
  AgedLog log{{}};
  log.append_ten();
  log.clock.wall += 24h * 365;
  CHECK(log.enforce() == 0);
  CHECK(read_all(*log.log, "t", 0).size() == 10);
}

TEST_CASE("records older than the age go, oldest first, and their offsets with them") {
  AgedLog log{by_age(35s)};
  for (int i = 0; i < 10; ++i)
    log.append_ten();  // appended 100 s to 10 s ago
  CHECK(log.enforce() == 70);
  CHECK(log.bounds().start_offset == 70);
  CHECK(log.bounds().end_offset == 100);
  const auto kept = read_all(*log.log, "t", 0);
  REQUIRE(kept.size() == 30);
  CHECK(kept.front().position.offset == 70);
  CHECK(log.enforce() == 0);
}

TEST_CASE("age counts from the append, whatever time the record claims") {
  AgedLog log{by_age(35s)};
  Record from_the_future = keyed("k", "v");
  from_the_future.timestamp = log.clock.wall + 24h * 1000;
  append(*log.log, "t", {from_the_future});
  log.clock.wall += 36s;
  CHECK(log.enforce() == 1);
}

TEST_CASE("a wall clock that goes back does not keep old records behind younger ones") {
  AgedLog log{by_age(35s)};
  log.append_ten();
  log.clock.wall -= 1h;
  log.append_ten();
  log.clock.wall += 1h;
  CHECK(log.enforce() == 0);  // both were appended within the last 20 s
  log.clock.wall += 60s;
  CHECK(log.enforce() == 20);
}

TEST_CASE("records beyond the size go until what is kept fits") {
  AgedLog log{by_bytes(5000)};
  for (int i = 0; i < 10; ++i)
    log.append_ten();  // about 1.1 kB each
  const std::uint64_t before = log.bounds().bytes;
  CHECK(before > 10'000);
  const std::uint64_t removed = log.enforce();
  CHECK(removed == 60);
  CHECK(log.bounds().bytes <= 5000);
  CHECK(log.bounds().bytes == before * 4 / 10);
  CHECK(read_all(*log.log, "t", 0).size() == 40);
}

TEST_CASE("offsets go on after everything was removed, also after opening again") {
  AgedLog log{by_age(1s)};
  log.append_ten();
  CHECK(log.enforce() == 10);
  CHECK(log.bounds().bytes == 0);
  CHECK(read_all(*log.log, "t", 0).empty());
  log.reopen();
  CHECK(log.bounds().start_offset == 10);
  CHECK(log.bounds().end_offset == 10);
  CHECK(append(*log.log, "t", {keyed("k", "v")}).front().offset == 10);
  log.reopen();
  CHECK(log.bounds().end_offset == 11);
  CHECK(log.bounds().bytes > 0);
}

TEST_CASE("the start of a partition is found again after opening") {
  AgedLog log{by_age(35s)};
  for (int i = 0; i < 10; ++i)
    log.append_ten();
  log.enforce();
  const std::uint64_t bytes = log.bounds().bytes;
  log.reopen();
  CHECK(log.bounds().start_offset == 70);
  CHECK(log.bounds().bytes == bytes);
  CHECK(read_all(*log.log, "t", 0).size() == 30);
  log.clock.wall += 1h;
  CHECK(log.enforce() == 30);  // the retention itself was kept, too
}

TEST_CASE("retention can be changed on a topic that exists") {
  AgedLog log{{}};
  log.append_ten();
  log.clock.wall += 1h;
  REQUIRE(log.log->create_topic("t", by_age(1s)));
  log.reopen();
  CHECK(log.enforce() == 10);
}

TEST_CASE(
    "a group whose committed offset was removed begins at the start and counts what it missed") {
  AgedLog log{by_age(35s)};
  for (int i = 0; i < 5; ++i)
    log.append_ten();
  {
    Member member{*log.log, "t", "g"};
    member.open();
    member.poll();
    REQUIRE(member.commit(0, 1, 15));
  }
  for (int i = 0; i < 5; ++i)
    log.append_ten();
  log.enforce();
  Member member{*log.log, "t", "g"};
  const auto records = member.open().poll();
  CHECK(member.holding(0)->next == 70);
  REQUIRE(records.size() == 30);
  CHECK(records.front().position.offset == 70);
  CHECK(member.source.skipped_records() == 55);
  CHECK(log.log->stats().groups.at(0).lag == 30);
}

TEST_CASE("a reader that retention overtakes goes on at the start and counts what it missed") {
  AgedLog log{by_age(35s)};
  for (int i = 0; i < 5; ++i)
    log.append_ten();
  Member member{*log.log, "t", "g"};
  CHECK(member.open().poll(10).back().position.offset == 9);
  for (int i = 0; i < 5; ++i)
    log.append_ten();
  log.enforce();
  const auto records = member.poll();
  REQUIRE(records.size() == 30);
  CHECK(records.front().position.offset == 70);
  CHECK(member.source.skipped_records() == 60);
}

TEST_CASE("retention of one partition leaves its neighbours alone") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  REQUIRE(log.create_topic("t", by_bytes(2000)));
  for (int i = 0; i < 40; ++i)
    append(log, "t", {keyed("a", std::string(100, 'x'))});
  append(log, "t", {keyed("c", "small")});
  REQUIRE(log.enforce_retention(fixture.clock.wall));
  const std::uint32_t large = partition_of_key("a", 4);
  const std::uint32_t small = partition_of_key("c", 4);
  REQUIRE(large != small);
  fixture.reopen();
  const auto stats = fixture.log->stats().topics.at(0).partitions;
  CHECK(stats[large].start_offset > 0);
  CHECK(stats[large].end_offset == 40);
  CHECK(stats[small].start_offset == 0);
  CHECK(read_all(*fixture.log, "t", small).size() == 1);
}
