#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/log_table_source.hpp"
#include "connectors/log/partitioner.hpp"
#include "support/compacted_log.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a tombstone is stored as one, and an empty value as a value") {
  LogFixture fixture;
  append(fixture.open(), "t", {tombstone("a"), keyed("a", "")});
  fixture.reopen();
  const auto records = read_all(*fixture.log, "t", partition_of_key("a", 4));
  REQUIRE(records.size() == 2);
  CHECK(records[0].record.is_tombstone);
  CHECK_FALSE(records[1].record.is_tombstone);
}

TEST_CASE("a chunk of format version 1 is read, its records as values") {
  std::string chunk(kChunkHeaderBytes, '\0');
  write_chunk_header({1, 5, 0, 1}, chunk);
  chunk[0] = 1;
  chunk += std::string(8, '\0') + "\x02k" + std::string("\0\0", 2);  // key "k", empty value
  auto decoder = ChunkDecoder::open(chunk);
  REQUIRE(decoder);
  Record record;
  REQUIRE(decoder->next(record));
  CHECK(record.key == "k");
  CHECK(record.value.empty());
  CHECK_FALSE(record.is_tombstone);
}

TEST_CASE("compaction leaves the newest record of each key, under its offset") {
  CompactedLog log;
  for (int i = 0; i < 6; ++i)
    log.put(i % 2 == 0 ? "a" : "b", std::to_string(i));
  log.put("c", "6");
  CHECK(log.compact() == 4);
  CHECK(log.left() == Texts{"a=4@4", "b=5@5", "c=6@6"});
  log.reopen();
  CHECK(log.left() == Texts{"a=4@4", "b=5@5", "c=6@6"});
  log.put("a", "7");
  CHECK(log.left() == Texts{"a=4@4", "b=5@5", "c=6@6", "a=7@7"});
}

TEST_CASE("what lies in the last chunk stays, and makes older records go") {
  CompactedLog log;
  log.put("a", "0");
  append(*log.log, "t", {keyed("a", "1"), keyed("a", "2")});
  CHECK(log.compact() == 1);
  CHECK(log.left() == Texts{"a=1@1", "a=2@2"});
}

TEST_CASE("a tombstone goes when its delay is over, however often it was rewritten") {
  CompactedLog log;
  log.put("a", "0");
  log.remove("a");
  log.put("b", "2");
  CHECK(log.compact() == 1);
  CHECK(log.left() == Texts{"a@1", "b=2@2"});
  for (int i = 0; i < 6; ++i) {  // each time the chunk with the tombstone takes in a newer one
    log.clock.wall += 9min;
    log.put("b", "later");
    static_cast<void>(log.compact());
  }
  CHECK(log.left().front() == "a@1");
  log.clock.wall += 7min;
  CHECK(log.compact() == 1);
  CHECK(log.left() == Texts{"b=later@8"});
}

TEST_CASE("a key that comes back after its tombstone stays") {
  CompactedLog log;
  log.remove("a");
  log.put("a", "1");
  log.put("b", "2");
  log.clock.wall += 2h;
  CHECK(log.compact() == 1);
  CHECK(log.left() == Texts{"a=1@1", "b=2@2"});
}

TEST_CASE("a group goes on over what compaction took out") {
  CompactedLog log;
  Member member{*log.log, "t", "g"};
  member.open();
  for (int i = 0; i < 10; ++i)
    log.put("a", std::to_string(i));
  CHECK(member.poll(3).size() == 3);
  CHECK(log.compact() == 9);
  const auto rest = member.poll();  // what it looked at before may still be there for it
  REQUIRE_FALSE(rest.empty());
  CHECK(rest.back().position.offset == 9);
  CHECK(member.source.lag() == 0u);
  CHECK(member.source.skipped_records() == 0);
  Member other{*log.log, "t", "h"};
  CHECK(other.open().poll().size() == 1);
  CHECK(other.source.lag() == 0u);
}

TEST_CASE("a reader inside a chunk that is compacted reads it to its end") {
  CompactedLog log;
  std::vector<Record> many;
  for (int i = 0; i < 10; ++i)
    many.push_back(keyed("a", std::to_string(i)));
  append(*log.log, "t", many);
  log.put("b", "10");
  Member member{*log.log, "t", "g"};
  CHECK(member.open().poll(3).size() == 3);
  log.put("a", "11");
  CHECK(log.compact() == 10);
  CHECK(member.poll().size() == 9);
}

TEST_CASE("a compacted topic takes no record without a key and no bounds") {
  CompactedLog log;
  const auto refused = log.log->append("t", std::vector<Record>{keyless("x")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  TopicOptions both;
  both.cleanup = Cleanup::kCompact;
  both.retention_bytes = 1;
  CHECK(log.log->create_topic("u", both).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("compaction waits until enough has come to be worth it") {
  CompactedLog log;
  for (int i = 0; i < 10; ++i)
    log.put(std::to_string(i), "x");
  log.put("z", "x");
  CHECK(log.compact() == 0);
  for (int i = 0; i < 4; ++i) {
    log.put("0", "y");
    CHECK(log.compact() == 0);
  }
  log.put("0", "y");
  CHECK(log.compact() == 5);
}

TEST_CASE("a table source reads everything, is caught up then, and wakes for more") {
  CompactedLog log{3};
  struct Listener final : AssignmentListener {
    void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override { ++assigned; }
    void on_revoked(std::uint32_t, std::uint32_t, Leave) override { --assigned; }
    int assigned = 0;
  } listener;
  for (int i = 0; i < 20; ++i)
    log.put(std::to_string(i), "x");
  LogTableSource source{*log.log, "t"};
  int wakes = 0;
  std::vector<SourceRecord> records;
  CHECK(source.poll(1, records).error().kind == ErrorKind::kClosed);
  CHECK(source.lag() == std::nullopt);
  REQUIRE(source.open(listener, [&] { ++wakes; }));
  CHECK(listener.assigned == 3);
  CHECK(source.lag() == 20u);
  while (source.lag() != 0u)
    REQUIRE(source.poll(7, records));
  CHECK(records.size() == 20);
  REQUIRE(source.poll(7, records));
  CHECK(records.size() == 20);
  log.put("new", "x");
  CHECK(wakes == 1);
  CHECK(source.lag() == 1u);
  source.close();
  CHECK(listener.assigned == 0);
}
