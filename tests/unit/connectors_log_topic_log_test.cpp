#include <algorithm>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/partitioner.hpp"
#include "connectors/rocksdb/holders.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

std::vector<Record> numbered(int from, int count) {
  std::vector<Record> records;
  for (int i = from; i < from + count; ++i)
    records.push_back(keyed(std::to_string(i % 10), "value " + std::to_string(i)));
  return records;
}

/// The closed log's database, to do something behind its back.
std::unique_ptr<store::Database> open_raw(const LogFixture& fixture) {
  store::FamilyOptions chunks;
  chunks.name = "chunks";
  store::DatabaseOptions options;
  options.path = fixture.options.path;
  options.families = {chunks};
  auto database = store::Database::open(options);
  REQUIRE(database);
  return std::move(*database);
}

void put_raw(const LogFixture& fixture, std::string_view family, std::string_view key,
             std::string_view value) {
  const auto database = open_raw(fixture);
  rocksdb::WriteBatch batch;
  REQUIRE(batch.Put(database->family(family), store::slice(key), store::slice(value)).ok());
  REQUIRE(database->write({}, batch, "change"));
}

void remove_raw(const LogFixture& fixture, std::string_view family, std::string_view key) {
  const auto database = open_raw(fixture);
  rocksdb::WriteBatch batch;
  REQUIRE(batch.Delete(database->family(family), store::slice(key)).ok());
  REQUIRE(database->write({}, batch, "change"));
}

}  // namespace

TEST_CASE("offsets of a partition begin at 0 and are dense over appends") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  std::vector<std::int64_t> next(4, 0);
  for (int batch = 0; batch < 5; ++batch)
    for (const RecordPlace& place : append(log, "t", numbered(batch * 20, 20)))
      CHECK(place.offset == next.at(place.partition)++);
  CHECK(next[0] + next[1] + next[2] + next[3] == 100);
}

TEST_CASE("a keyed record goes where Kafka's default partitioner sends it") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  const auto records = numbered(0, 30);
  const auto places = append(log, "t", records);
  for (std::size_t i = 0; i < records.size(); ++i)
    CHECK(places[i].partition == partition_of_key(*records[i].key, 4));
}

TEST_CASE("the places of an append are where its records are read") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  auto records = numbered(0, 30);
  records[3].headers = {{"h", "1"}, {"h", "2"}};
  const auto places = append(log, "t", records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    std::vector<SourceRecord> read;
    REQUIRE(*log.read("t", places[i].partition, places[i].offset, 1, read) == 1);
    CHECK(read[0].record == records[i]);
    CHECK(read[0].position == RecordPosition{places[i].partition, places[i].offset, 0});
  }
}

TEST_CASE("keyless records of one append share a partition and the next append takes the next") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  std::set<std::uint32_t> used;
  for (int batch = 0; batch < 4; ++batch) {
    const auto places = append(log, "t", {keyless("a"), keyless("b"), keyless("c")});
    CHECK(places[1].partition == places[0].partition);
    CHECK(places[2].partition == places[0].partition);
    used.insert(places[0].partition);
  }
  CHECK(used.size() == 4);
}

TEST_CASE("a record without a time gets that of the append") {
  LogFixture fixture;
  fixture.clock.wall = from_millis(42'000);
  TopicLog& log = fixture.open();
  Record untimed = keyed("k", "v");
  untimed.timestamp = {};
  const auto place = append(log, "t", {untimed}).front();
  CHECK(read_all(log, "t", place.partition).front().record.timestamp == from_millis(42'000));
}

TEST_CASE("an opened log goes on where it was, from files and from memory alike") {
  LogFixture fixture;
  fixture.options.tail_bytes_per_partition = GENERATE(std::size_t{0}, std::size_t{1} << 20);
  fixture.open();
  for (int round = 0; round < 3; ++round) {
    append(*fixture.log, "t", numbered(round * 40, 40));
    fixture.reopen();
  }
  append(*fixture.log, "t", numbered(120, 40));
  std::size_t total = 0;
  for (std::uint32_t p = 0; p < 4; ++p) {
    const auto records = read_all(*fixture.log, "t", p);
    for (std::size_t i = 0; i < records.size(); ++i)
      CHECK(records[i].position.offset == static_cast<std::int64_t>(i));
    total += records.size();
  }
  CHECK(total == 160);
}

TEST_CASE("appends that wait while a group is written go out together as the next group") {
  LogFixture fixture;
  fixture.options.durability = Durability::kSyncedEachGroup;
  TopicLog& log = fixture.open();
  std::promise<void> writer_is_busy;
  std::promise<void> let_go;
  const auto batch_of = [&](int number) {
    AppendBatch batch = log.new_batch();
    REQUIRE(log.add(batch, "t", keyed("k", std::to_string(number))));
    return batch;
  };
  REQUIRE(log.submit(batch_of(0), [&](const AppendOutcome&) {
    writer_is_busy.set_value();
    let_go.get_future().wait();
  }));
  writer_is_busy.get_future().wait();
  std::vector<std::promise<std::int64_t>> offsets(10);
  for (int i = 0; i < 10; ++i)
    REQUIRE(log.submit(batch_of(i + 1), [&offsets, i](AppendOutcome outcome) {
      offsets[static_cast<std::size_t>(i)].set_value(outcome.status ? outcome.places.at(0).offset
                                                                    : -1);
    }));
  let_go.set_value();
  for (int i = 0; i < 10; ++i)
    CHECK(offsets[static_cast<std::size_t>(i)].get_future().get() == i + 1);
  CHECK(log.stats().written_groups == 2);
  CHECK(log.stats().appended_records == 11);
}

TEST_CASE("appends from several threads all find their place") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::vector<RecordPlace>> places(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        for (const RecordPlace& place : append(log, "t", numbered(t * 1000 + i, 2)))
          places[static_cast<std::size_t>(t)].push_back(place);
    });
  for (std::thread& thread : threads)
    thread.join();
  std::set<std::pair<std::uint32_t, std::int64_t>> distinct;
  for (const auto& of_thread : places)
    for (const RecordPlace& place : of_thread)
      distinct.emplace(place.partition, place.offset);
  CHECK(distinct.size() == kThreads * kEach * 2);
  std::int64_t ends = 0;
  const LogStats stats = log.stats();
  for (const PartitionStats& partition : stats.topics.at(0).partitions)
    ends += partition.end_offset;
  CHECK(ends == kThreads * kEach * 2);
}

TEST_CASE("a full queue refuses as unavailable, and takes again when there is room") {
  LogFixture fixture;
  fixture.options.max_queued_bytes = 1000;
  TopicLog& log = fixture.open();
  {
    AppendBatch waiting = log.new_batch();
    REQUIRE(log.add(waiting, "t", keyed("k", std::string(700, 'x'))));
    CHECK(log.stats().queued_bytes >= 700);
    const std::vector<Record> more{keyed("k", std::string(700, 'y'))};
    const auto refused = log.append("t", more);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::kUnavailable);
    const Status not_added = log.add(waiting, "t", more[0]);
    CHECK(not_added.is_retryable());
    CHECK(waiting.size() == 1);
  }
  CHECK(log.stats().queued_bytes == 0);
  append(log, "t", {keyed("k", std::string(700, 'y'))});
  CHECK(log.stats().queued_bytes == 0);
}

TEST_CASE("one append larger than the queue is taken when nothing else waits") {
  LogFixture fixture;
  fixture.options.max_queued_bytes = 100;
  TopicLog& log = fixture.open();
  CHECK(append(log, "t", numbered(0, 50)).size() == 50);
}

TEST_CASE("a record over the limit can never be taken, and its neighbours are not appended") {
  LogFixture fixture;
  fixture.options.max_record_bytes = 500;
  TopicLog& log = fixture.open();
  const std::vector<Record> records{keyed("k", "fits"), keyed("k", std::string(600, 'x'))};
  const auto refused = log.append("t", records);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(refused.error().message, Catch::Contains("the limit is 500"));
  CHECK(log.stats().appended_records == 0);
  CHECK(log.stats().queued_bytes == 0);
}

TEST_CASE("a topic keeps the number of partitions it was made with") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  TopicOptions seven;
  seven.partitions = 7;
  REQUIRE(log.create_topic("wide", seven));
  REQUIRE(log.create_topic("wide", {}));
  fixture.reopen();
  CHECK(fixture.log->stats().topics.at(0).partitions.size() == 7);
  TopicOptions three;
  three.partitions = 3;
  const Status other = fixture.log->create_topic("wide", three);
  REQUIRE_FALSE(other);
  CHECK(other.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(std::string{other.message()}, Catch::Contains("it exists with 7"));
}

TEST_CASE("topics do not see each other's records") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "a", numbered(0, 10));
  append(log, "b", numbered(100, 10));
  fixture.reopen();
  for (std::uint32_t p = 0; p < 4; ++p)
    for (const SourceRecord& record : read_all(*fixture.log, "b", p))
      CHECK_THAT(record.record.value, Catch::StartsWith("value 10"));
  const auto stats = fixture.log->stats();
  REQUIRE(stats.topics.size() == 2);
  CHECK(stats.topics[0].topic == "a");
  CHECK(stats.topics[1].topic == "b");
}

TEST_CASE("names that Kafka does not take are refused") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  for (const std::string& name : {std::string{}, std::string{"."}, std::string{".."},
                                  std::string{"a b"}, std::string{"a/b"}, std::string(250, 'a')}) {
    CHECK(log.append(name, numbered(0, 1)).error().kind == ErrorKind::kInvalid);
    CHECK(log.create_topic(name, {}).error().kind == ErrorKind::kInvalid);
  }
  CHECK(log.create_topic("reports.dlq_2-x", {}));
}

TEST_CASE("reading an unknown topic or partition finds nothing and makes nothing") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  std::vector<SourceRecord> out;
  CHECK(log.read("none", 0, 0, 1, out).error().kind == ErrorKind::kNotFound);
  append(log, "t", numbered(0, 1));
  CHECK(log.read("t", 4, 0, 1, out).error().kind == ErrorKind::kNotFound);
  CHECK(log.stats().topics.size() == 1);
}

TEST_CASE("closing completes what is queued and refuses what comes later") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  std::vector<std::future<bool>> done;
  for (int i = 0; i < 20; ++i) {
    AppendBatch batch = log.new_batch();
    REQUIRE(log.add(batch, "t", keyed("k", std::to_string(i))));
    auto told = std::make_shared<std::promise<bool>>();
    done.push_back(told->get_future());
    REQUIRE(log.submit(std::move(batch), [told](const AppendOutcome& outcome) {
      told->set_value(outcome.status.is_ok());
    }));
  }
  log.close();
  log.close();
  for (auto& outcome : done)
    CHECK(outcome.get());
  CHECK(log.append("t", numbered(0, 1)).error().kind == ErrorKind::kClosed);
  CHECK(read_all(log, "t", partition_of_key("k", 4)).size() == 20);
}

TEST_CASE("an empty append is done at once") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  CHECK(append(log, "t", {}).empty());
}

TEST_CASE("a log that another one has open is refused with the path") {
  LogFixture fixture;
  fixture.open();
  const auto second = TopicLog::open(fixture.options, fixture.clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::kUnavailable);
  CHECK_THAT(second.error().message, Catch::Contains(fixture.options.path.string()));
}

TEST_CASE("a log of an unknown format version is refused with both versions in the text") {
  LogFixture fixture;
  fixture.open();
  fixture.log.reset();
  put_raw(fixture, "default", "F", std::string_view{"\0\0\0\x07", 4});
  const auto opened = TopicLog::open(fixture.options, fixture.clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(opened.error().message, Catch::Contains("format version 7"));
  CHECK_THAT(opened.error().message, Catch::Contains("reads version 1"));
}

TEST_CASE("chunks of an unknown version or shape are refused with the reason") {
  LogFixture fixture;
  append(fixture.open(), "t", numbered(0, 1));
  fixture.log.reset();
  // The first topic, partition 0, a chunk that ends at offset 99.
  const std::string key{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x63", 16};
  put_raw(fixture, "chunks", key, "\x09");
  const auto newer = TopicLog::open(fixture.options, fixture.clock);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(newer.error().message, Catch::Contains("format version 9"));
  put_raw(fixture, "chunks", key, "\x01");
  const auto cut = TopicLog::open(fixture.options, fixture.clock);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().kind == ErrorKind::kCorrupt);
}

TEST_CASE("records that are missing are reported with their place, not passed over") {
  LogFixture fixture;
  TopicOptions one_partition;
  one_partition.partitions = 1;
  REQUIRE(fixture.open().create_topic("t", one_partition));
  for (int i = 0; i < 3; ++i)
    append(*fixture.log, "t", numbered(0, 1));
  fixture.log.reset();
  remove_raw(fixture, "chunks", std::string(15, '\0') + '\x01');  // the chunk of offset 1
  std::vector<SourceRecord> records;
  CHECK(fixture.open().read("t", 0, 0, 10, records).value() == 1);  // what is whole comes first
  const auto missing = fixture.log->read("t", 0, 1, 10, records);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kCorrupt);
  CHECK_THAT(missing.error().message,
             Catch::Contains("topic t partition 0 at offset 1: records are missing"));
  CHECK(fixture.log->read("t", 0, 2, 10, records).value() == 1);
}

TEST_CASE("options that make no sense are refused at opening") {
  LogFixture fixture;
  fixture.options.default_partitions = 0;
  const auto opened = TopicLog::open(fixture.options, fixture.clock);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::kInvalid);
}
