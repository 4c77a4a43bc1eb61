// What every kind of topics promises: see record.hpp. Built once with each, see record_conformance.hpp.

#include "support/record_conformance.hpp"

#include <atomic>
#include <set>
#include <utility>

#include <catch2/catch.hpp>

#include "support/source_probe.hpp"

namespace bora::testing {
namespace {

Record keyed(const std::string& key, std::string value) {
  Record record;
  record.key = key;
  record.value = std::move(value);
  record.timestamp = from_millis(1'700'000'000'000);
  return record;
}

std::vector<Record> numbered(std::size_t count, std::size_t from = 0) {
  std::vector<Record> records;
  for (std::size_t i = from; i < from + count; ++i)
    records.push_back(keyed("key-" + std::to_string(i), std::to_string(i)));
  return records;
}

std::multiset<std::string> values_of(const SourceProbe& probe) {
  std::multiset<std::string> values;
  for (const SourceRecord& one : probe.records())
    values.insert(one.record.value);
  return values;
}

struct World {
  std::unique_ptr<TopicsUnderTest> topics = make_topics_under_test();
  std::unique_ptr<RecordSink> sink = topics->sink();

  SourceProbe probe(const std::string& topic, const std::string& group = "group",
                    SourceProbe::OnRevoke on_revoke = SourceProbe::OnRevoke::kForget) {
    return SourceProbe{topics->source(topic, group), on_revoke};
  }
};

}  // namespace

TEST_CASE("topics: a record comes out as it went in") {
  World world;
  const std::string topic = world.topics->make_topic(1);
  Record whole = keyed("device/7", "warm");
  whole.headers = {{"trace", "a"}, {"trace", "b"}, {"empty", ""}};
  Record empty = keyed("device/8", "");
  Record tombstone = keyed("device/7", "");
  tombstone.is_tombstone = true;
  Record keyless = keyed("", std::string{"\0binary\xff", 8});
  keyless.key.reset();
  const std::vector<Record> sent = {whole, empty, tombstone, keyless};
  REQUIRE(deliver(*world.sink, topic, sent) == sent.size());

  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(sent.size()));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(probe.records()[i].record == sent[i]);
    CHECK(probe.records()[i].position.offset == static_cast<std::int64_t>(i));
  }
  probe.close();
}

TEST_CASE("topics: the next member goes on where the group committed, and no other group does") {
  World world;
  const std::string topic = world.topics->make_topic(1);
  REQUIRE(deliver(*world.sink, topic, numbered(10)) == 10);
  {
    SourceProbe first = world.probe(topic);
    REQUIRE(first.open());
    REQUIRE(first.poll_until(10));
    const auto [partition, owned] = *first.owned().begin();
    REQUIRE(first.commit({partition, owned.epoch, 4}));
    first.close();
  }
  SourceProbe next = world.probe(topic);
  REQUIRE(next.open());
  REQUIRE(next.poll_until(6));
  CHECK(next.records().front().position.offset == 4);
  next.close();
  SourceProbe other = world.probe(topic, "other");
  REQUIRE(other.open());
  REQUIRE(other.poll_until(10));
  CHECK(other.records().front().position.offset == 0);
  other.close();
}

TEST_CASE("topics: a poll returns no more than was asked for") {
  World world;
  const std::string topic = world.topics->make_topic(2);
  REQUIRE(deliver(*world.sink, topic, numbered(20)) == 20);
  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open());
  std::size_t most = 0;
  REQUIRE(eventually([&] {
    most = std::max(most, probe.poll(3));
    return probe.records().size() == 20;
  }));
  CHECK(most <= 3);
  CHECK(values_of(probe).size() == 20);
  probe.close();
}

TEST_CASE("topics: a paused source returns nothing, and afterwards the rest in order") {
  World world;
  const std::string topic = world.topics->make_topic(1);
  REQUIRE(deliver(*world.sink, topic, numbered(100)) == 100);
  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open());
  REQUIRE(eventually([&] {
    probe.poll(10);
    return probe.records().size() >= 10;
  }));
  for (int round = 0; round < 5; ++round) {
    probe.source().pause();
    const std::size_t before = probe.records().size();
    for (int i = 0; i < 20; ++i)
      CHECK(probe.poll(10) == 0);
    CHECK(probe.records().size() == before);
    probe.source().resume();
    probe.poll(7);
  }
  REQUIRE(probe.poll_until(100));
  CHECK(probe.repeats() == 0);
  for (std::size_t i = 0; i < 100; ++i)
    CHECK(probe.records()[i].record.value == std::to_string(i));
  probe.close();
}

TEST_CASE("topics: a record that arrives after an empty poll wakes the caller") {
  World world;
  const std::string topic = world.topics->make_topic(1);
  std::atomic<int> wakes{0};
  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open([&] { ++wakes; }));
  REQUIRE(probe.poll_until_owns(1));
  REQUIRE(deliver(*world.sink, topic, numbered(1)) == 1);
  REQUIRE(probe.poll_until(1));
  probe.poll();
  const int before = wakes;
  REQUIRE(deliver(*world.sink, topic, numbered(1, 1)) == 1);
  CHECK(eventually([&] { return wakes > before; }));
  REQUIRE(probe.poll_until(2));
  probe.close();
}

TEST_CASE("topics: members share the partitions, and a moved one continues at the commit") {
  World world;
  const std::string topic = world.topics->make_topic(4);
  REQUIRE(deliver(*world.sink, topic, numbered(40)) == 40);
  SourceProbe first = world.probe(topic, "group", SourceProbe::OnRevoke::kCommit);
  REQUIRE(first.open());
  REQUIRE(first.poll_until(40));
  SourceProbe second = world.probe(topic, "group", SourceProbe::OnRevoke::kCommit);
  bool overlapped = false;
  second.on_assignment = [&] {
    for (const auto& [partition, owned] : second.owned())
      overlapped = overlapped || first.owned().count(partition) != 0;
  };
  REQUIRE(second.open());
  REQUIRE(eventually([&] {
    first.poll();
    second.poll();
    return first.owned().size() == 2 && second.owned().size() == 2;
  }));
  CHECK_FALSE(overlapped);  // the old owner was told before the new one got it
  // Who is expelled, or asked again while it leaves, cannot commit: its records come again.
  const bool has_committed = first.lost() == 0 && first.last_error().is_ok();
  CAPTURE(first.lost(), first.last_error().message(), second.records().size());
  CHECK((second.records().empty() || !has_committed));

  REQUIRE(deliver(*world.sink, topic, numbered(40, 40)) == 40);
  const auto values = [&] {
    std::multiset<std::string> all = values_of(first);
    all.merge(values_of(second));
    return std::set<std::string>(all.begin(), all.end());
  };
  REQUIRE(eventually([&] {
    first.poll();
    second.poll();
    return values().size() == 80;
  }));
  CHECK(first.strays() + second.strays() == 0);
  first.close();
  REQUIRE(second.poll_until_owns(4));
  CHECK((second.records().size() + first.records().size() == 80 || !has_committed));
  second.close();
}

TEST_CASE("topics: a commit of an assignment that ended changes nothing") {
  World world;
  const std::string topic = world.topics->make_topic(2);
  REQUIRE(deliver(*world.sink, topic, numbered(20)) == 20);
  SourceProbe first = world.probe(topic);
  REQUIRE(first.open());
  REQUIRE(first.poll_until(20));
  const auto before = first.owned();
  SourceProbe second = world.probe(topic, "group", SourceProbe::OnRevoke::kCommit);
  REQUIRE(second.open());
  REQUIRE(eventually([&] {
    first.poll();
    second.poll();
    return second.owned().size() == 1 && first.owned().size() == 1 && !second.records().empty();
  }));
  const std::uint32_t moved = second.owned().begin()->first;
  const std::size_t of_moved = static_cast<std::size_t>(second.owned().at(moved).next);
  REQUIRE(eventually([&] {
    first.poll();
    second.poll();
    return second.commit_all().is_ok();
  }));
  const std::int64_t done = second.owned().at(moved).next;
  CHECK(first.commit({moved, before.at(moved).epoch, 1}));
  second.close();
  REQUIRE(first.poll_until_owns(2));
  CHECK(first.owned().at(moved).next >= done);
  CHECK(of_moved > 0);
  first.close();
}

TEST_CASE("topics: lag is what poll() has not returned yet") {
  World world;
  const std::string topic = world.topics->make_topic(2);
  REQUIRE(deliver(*world.sink, topic, numbered(30)) == 30);
  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until_owns(2));
  const std::size_t returned = probe.records().size();
  if (const auto lag = probe.source().lag()) CHECK(*lag == 30 - returned);
  if (const auto lag = probe.source().lag()) {
    std::uint64_t sum = 0;
    for (const PartitionLag& partition : probe.source().partition_lags())
      sum += partition.records;
    CHECK(sum == *lag);
    CHECK(probe.source().partition_lags().size() == 2);
  }
  REQUIRE(probe.poll_until(30));
  if (const auto lag = probe.source().lag()) CHECK(*lag == 0);
  probe.close();
}

TEST_CASE("topics: a source can be closed twice, is empty then, and can be opened again") {
  World world;
  const std::string topic = world.topics->make_topic(1);
  REQUIRE(deliver(*world.sink, topic, numbered(1)) == 1);
  SourceProbe probe = world.probe(topic);
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(1));
  probe.close();
  CHECK(probe.owned().empty());
  CHECK(probe.revoked() == 1);
  probe.close();
  CHECK(probe.poll() == 0);
  CHECK(probe.last_error().error().kind == ErrorKind::kClosed);
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(2));
  probe.close();
}

}  // namespace bora::testing
