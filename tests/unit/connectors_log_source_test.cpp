#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/partitioner.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

/// `each` records in every partition of a topic of four: keys "0" to "9" reach all of them.
std::vector<Record> numbered(int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i)
    records.push_back(keyed(std::to_string(i % 10), std::to_string(i)));
  return records;
}

std::vector<std::uint32_t> partitions_of(const Member& member) {
  std::vector<std::uint32_t> partitions;
  for (const auto& [partition, holding] : member.held)
    partitions.push_back(partition);
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

void commit_all(Member& member, const std::vector<SourceRecord>& records) {
  for (const SourceRecord& record : records) {
    const Status done =
        member.commit(record.position.partition, record.position.epoch, record.position.offset + 1);
    REQUIRE(done);
  }
}

}  // namespace

TEST_CASE("a lone member reads every partition in the order of offsets") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(100));
  Member member{log, "t", "g"};
  member.open();
  CHECK(member.held.empty());  // assignments are given out inside poll()
  std::map<std::uint32_t, std::int64_t> next;
  std::size_t total = 0;
  for (auto records = member.poll(7); !records.empty(); records = member.poll(7)) {
    CHECK(records.size() <= 7);
    for (const SourceRecord& record : records) {
      CHECK(record.position.offset == next[record.position.partition]++);
      CHECK(record.position.epoch == 1);
    }
    total += records.size();
  }
  CHECK(total == 100);
  CHECK(partitions_of(member) == std::vector<std::uint32_t>{0, 1, 2, 3});
}

TEST_CASE("no partition starves while another has a backlog") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(400));
  Member member{log, "t", "g"};
  member.open();
  std::map<std::uint32_t, int> seen;
  for (int i = 0; i < 4; ++i)
    for (const SourceRecord& record : member.poll(5))
      ++seen[record.position.partition];
  CHECK(seen.size() == 4);
}

TEST_CASE("a group goes on after what it committed, also after opening again") {
  LogFixture fixture;
  append(fixture.open(), "t", numbered(50));
  {
    Member member{*fixture.log, "t", "g"};
    member.open();
    commit_all(member, member.poll());
  }
  {
    Member again{*fixture.log, "t", "g"};
    CHECK(again.open().poll().empty());
    Member other_group{*fixture.log, "t", "h"};
    CHECK(other_group.open().poll().size() == 50);
  }
  fixture.reopen();
  append(*fixture.log, "t", numbered(10));
  Member member{*fixture.log, "t", "g"};
  CHECK(member.open().poll().size() == 10);
}

TEST_CASE("lag is what the group has not committed") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(50));
  Member member{log, "t", "g"};
  const auto records = member.open().poll();
  const auto lag = [&] { return log.stats().groups.at(0).lag; };
  CHECK(lag() == 50);
  commit_all(member, {records.begin(), records.begin() + 20});
  CHECK(lag() <= 49);
  commit_all(member, records);
  CHECK(lag() == 0);
  append(log, "t", numbered(3));
  CHECK(lag() == 3);
  CHECK(log.stats().groups.at(0).members == 1);
}

TEST_CASE("a member that found nothing is woken once when records become readable") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member member{log, "t", "g"};
  member.open();
  CHECK(member.poll().empty());
  member.wakes = 0;
  append(log, "t", numbered(10));
  CHECK(member.wakes == 1);
  append(log, "t", numbered(10));
  CHECK(member.wakes == 1);  // it was told and has not looked yet
  CHECK(member.poll().size() == 20);
  append(log, "t", numbered(10));
  CHECK(member.wakes == 1);  // its last poll found something: it polls again by itself
}

TEST_CASE("a member that left is not woken") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member member{log, "t", "g"};
  member.open();
  CHECK(member.poll().empty());
  member.source.close();
  member.wakes = 0;
  append(log, "t", numbered(10));
  Member other{log, "t", "g"};
  other.open();
  CHECK(member.wakes == 0);
}

TEST_CASE("a paused member gets no records but follows its group") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(10));
  Member member{log, "t", "g"};
  member.open();
  member.source.pause();
  CHECK(member.poll().empty());
  CHECK(member.held.size() == 4);
  member.source.resume();
  CHECK(member.poll().size() == 10);
}

TEST_CASE("a second member gets half, and only after the first let go") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member first{log, "t", "g"};
  first.open();
  CHECK(first.poll().empty());
  first.wakes = 0;

  Member second{log, "t", "g"};
  second.open();
  CHECK(first.wakes == 1);
  CHECK(second.poll().empty());
  CHECK(second.held.empty());

  second.wakes = 0;
  first.poll();
  CHECK(first.revoked == 2);
  CHECK(first.held.size() == 2);
  CHECK(second.wakes > 0);
  second.poll();
  CHECK(second.held.size() == 2);
  for (const std::uint32_t partition : partitions_of(second)) {
    CHECK(first.holding(partition) == nullptr);
    CHECK(second.holding(partition)->epoch == 2);
  }
  for (const std::uint32_t partition : partitions_of(first))
    CHECK(first.holding(partition)->epoch == 1);  // what stays is not touched
}

TEST_CASE("a third member of two takes one partition and the others keep theirs") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member first{log, "t", "g"};
  Member second{log, "t", "g"};
  Member third{log, "t", "g"};
  const auto settle = [&](std::vector<Member*> members) {
    for (int round = 0; round < 2; ++round)
      for (Member* member : members)
        member->poll();
  };
  first.open();
  second.open();
  settle({&first, &second});
  third.open();
  settle({&first, &second, &third});
  CHECK(third.held.size() == 1);
  CHECK(first.held.size() + second.held.size() == 3);
  CHECK(first.revoked + second.revoked == 1);  // the second had not been given what moved at first
  second.source.close();
  settle({&first, &third});
  CHECK(first.held.size() == 2);
  CHECK(third.held.size() == 2);
}

TEST_CASE(
    "what is committed while a partition leaves still counts, and the next owner begins there") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(100));
  std::map<std::uint32_t, std::int64_t> done;  // before `first`, which looks into it until it dies
  Member first{log, "t", "g"};
  first.open();
  for (const SourceRecord& record : first.poll())
    done[record.position.partition] = record.position.offset + 1;
  first.on_leaving = [&](std::uint32_t partition, std::uint32_t epoch) {
    REQUIRE(first.commit(partition, epoch, done[partition]));
  };
  Member second{log, "t", "g"};
  second.open();
  first.poll();
  CHECK(second.poll().empty());
  REQUIRE(second.held.size() == 2);
  for (const auto& [partition, holding] : second.held)
    CHECK(holding.next == done[partition]);
}

TEST_CASE("a commit of a lost epoch or of a partition of somebody else changes nothing") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(100));
  Member first{log, "t", "g"};
  Member second{log, "t", "g"};
  first.open();
  first.poll();
  second.open();
  first.poll();
  second.poll();
  const std::uint32_t moved = partitions_of(second).front();
  CHECK(first.commit(moved, 1, 3));  // late: it was the first's under epoch 1
  CHECK(first.commit(moved, 2, 3));  // the epoch is right, the owner is not
  CHECK(first.commit(99, 1, 3));     // no such partition
  CHECK(log.stats().groups.at(0).next_offsets.at(moved) == 0);
  CHECK(second.commit(moved, 2, 3));
  CHECK(log.stats().groups.at(0).next_offsets.at(moved) == 3);
}

TEST_CASE("closing gives back every partition through the listener, once") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member member{log, "t", "g"};
  member.open();
  member.poll();
  member.source.close();
  member.source.close();
  CHECK(member.revoked == 4);
  CHECK(member.lost == 0);
  CHECK(member.held.empty());
  std::vector<SourceRecord> out;
  CHECK(member.source.poll(1, out).error().kind == ErrorKind::kClosed);
  CHECK(member.commit(0, 1, 1).error().kind == ErrorKind::kClosed);
}

TEST_CASE("a closed source can join again and gets a new epoch") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member member{log, "t", "g"};
  member.open();
  member.poll();
  member.source.close();
  member.open();
  member.poll();
  REQUIRE(member.held.size() == 4);
  CHECK(member.held.front().second.epoch == 2);
}

TEST_CASE("a group that begins at the newest record sees only what comes later") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "t", numbered(20));
  {
    Member member{log, "t", "g", StartAt::kNewest};
    member.open();
    append(log, "t", numbered(5));
    CHECK(member.poll().size() == 5);
  }
  // Where it began is kept: a member that comes later does not begin later.
  Member member{log, "t", "g", StartAt::kNewest};
  CHECK(member.open().poll().size() == 5);
}

TEST_CASE("members of groups on different topics do not disturb each other") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  append(log, "a", numbered(10));
  append(log, "b", numbered(20));
  Member on_a{log, "a", "g"};
  Member on_b{log, "b", "g"};
  on_a.open();
  on_b.open();
  CHECK(on_a.poll().size() == 10);
  CHECK(on_b.poll().size() == 20);
  CHECK(on_a.held.size() == 4);
}

TEST_CASE("a source without a group, with an illegal topic, or open already, is refused") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  Member nameless{log, "t", ""};
  CHECK(nameless.source.open(nameless, [] {}).error().kind == ErrorKind::kInvalid);
  Member illegal{log, "a b", "g"};
  CHECK(illegal.source.open(illegal, [] {}).error().kind == ErrorKind::kInvalid);
  Member member{log, "t", "g"};
  member.open();
  CHECK(member.source.open(member, [] {}).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("what fell out of memory is read from the database, and then memory is read again") {
  LogFixture fixture;
  fixture.options.tail_bytes_per_partition = 2000;
  TopicLog& log = fixture.open();
  Member member{log, "t", "g"};
  member.open();
  std::map<std::uint32_t, std::int64_t> next;
  std::size_t total = 0;
  const auto drain = [&](std::size_t max) {
    for (auto records = member.poll(max); !records.empty(); records = member.poll(max))
      for (const SourceRecord& record : records) {
        CHECK(record.position.offset == next[record.position.partition]++);
        ++total;
      }
  };
  for (int round = 0; round < 10; ++round) {
    for (int batch = 0; batch <= round * 3; ++batch)
      append(log, "t", numbered(20));
    drain(static_cast<std::size_t>(1 + round * 10));
  }
  CHECK(total == 20 * (10 + 3 * 45));
}
