// KafkaSource against librdkafka's mock cluster, whose faults these tests set.

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "bora/testing/dice.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/membership.hpp"
#include "support/kafka_mock.hpp"
#include "support/source_probe.hpp"

namespace bora::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

struct Cluster {
  explicit Cluster(int brokers) : mock(brokers) {}

  SystemClock clock;
  KafkaMock mock;

  kafka::KafkaSourceOptions options(const std::string& topic) {
    return {.kafka = {.brokers = mock.brokers(),
                      .properties = {{"session.timeout.ms", "3000"},
                                     {"heartbeat.interval.ms", "200"},
                                     {"statistics.interval.ms", "500"},
                                     {"reconnect.backoff.max.ms", "200"}}},
            .topic = topic,
            .group = "group",
            .drain_timeout = 300ms,
            .close_timeout = 3s};
  }
  std::unique_ptr<kafka::KafkaSource> source(const std::string& topic) {
    return std::make_unique<kafka::KafkaSource>(options(topic), clock);
  }
  void append(const std::string& topic, std::size_t count, std::size_t from = 0) {
    kafka::KafkaSink sink{{.kafka = {.brokers = mock.brokers()}}};
    std::vector<Record> records;
    for (std::size_t i = from; i < from + count; ++i) {
      Record& record = records.emplace_back();
      record.key = std::to_string(i);
      record.value = std::to_string(i);
    }
    REQUIRE(deliver(sink, topic, std::move(records)) == count);
  }
};

struct Ignoring final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

std::size_t distinct(const SourceProbe& probe) {
  std::set<std::string> values;
  for (const SourceRecord& one : probe.records())
    values.insert(one.record.value);
  return values.size();
}

}  // namespace

TEST_CASE("kafka source: brokers that go down and come back lose and repeat nothing") {
  Cluster cluster{2};
  const std::string topic = cluster.mock.make_topic(2);
  cluster.append(topic, 500);
  SourceProbe probe{cluster.source(topic)};
  REQUIRE(probe.open());
  REQUIRE(eventually([&] {
    probe.poll(50);
    return probe.records().size() >= 100;
  }));
  cluster.mock.set_down(1);
  cluster.mock.set_down(2);
  // The first poll to say so ends the wait; what had been fetched is returned before.
  CHECK(eventually([&] {
    probe.poll(50);
    return !probe.last_error().is_ok();
  }));
  CHECK(probe.last_error().is_retryable());
  CHECK_THAT(std::string{probe.last_error().message()}, Contains("no broker answers"));
  cluster.mock.set_up(1);
  cluster.mock.set_up(2);
  REQUIRE(probe.poll_until(500));
  CHECK(distinct(probe) == 500);
  CHECK(probe.repeats() == 0);
  probe.close();
}

TEST_CASE("kafka source: it is cut off from the last broker's going until one answers") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  auto made = cluster.source(topic);
  const kafka::KafkaSource& source = *made;
  SourceProbe probe{std::move(made)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  CHECK_FALSE(source.is_cut_off());
  const auto becomes = [&](bool cut_off) {
    return eventually([&] {
      probe.poll(50);
      return source.is_cut_off() == cut_off;
    });
  };
  cluster.mock.set_down(1);
  REQUIRE(becomes(true));
  for (int i = 0; i < 20; ++i) {
    probe.poll(50);
    CHECK(source.is_cut_off());  // though told already, once a minute
  }
  cluster.mock.set_up(1);
  CHECK(becomes(false));
  probe.close();
}

TEST_CASE("kafka source: failed fetches are made again, in order") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 300);
  cluster.mock.push_errors(
      KafkaApi::kFetch, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR__TRANSPORT,
                         RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH});
  SourceProbe probe{cluster.source(topic)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(300));
  CHECK(probe.records().size() == 300);
  CHECK(probe.repeats() == 0);
  probe.close();
}

TEST_CASE("kafka source: until a seek that failed succeeds, nothing is read") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  const kafka::KafkaSourceOptions options = cluster.options(topic);
  const std::function<void()> wake = [] {};
  Ignoring listener;
  kafka::SourceCounters counters;
  kafka::Epochs epochs;
  kafka::Membership* member = nullptr;
  std::vector<std::int64_t> sought;
  constexpr std::size_t kFailures = 3;
  auto joined =
      kafka::Membership::join({.options = &options,
                               .clock = &cluster.clock,
                               .listener = &listener,
                               .wake = &wake,
                               .counters = &counters,
                               .epochs = &epochs,
                               .seek = [&](std::uint32_t partition, std::int64_t offset) -> Status {
                                 sought.push_back(offset);
                                 if (sought.size() <= kFailures)
                                   return {ErrorKind::kUnavailable, "could not seek"};
                                 return member->seek(partition, offset);
                               }});
  REQUIRE(joined);
  member = joined->get();
  std::vector<SourceRecord> records;
  REQUIRE(eventually([&] {
    REQUIRE(member->poll(4 - records.size(), records));
    return records.size() == 4;
  }));

  CHECK(member->rewind().is_retryable());  // the rest was fetched before, and would be next
  records.clear();
  for (std::size_t i = 1; i < kFailures; ++i)
    static_cast<void>(member->poll(100, records));  // says what is the matter, or nothing
  CHECK(records.empty());
  CHECK(counters.rewinds == 0);
  REQUIRE(eventually([&] {
    static_cast<void>(member->poll(100, records));
    return records.size() >= 10;
  }));
  CHECK(sought == std::vector<std::int64_t>(kFailures + 1, 0));
  CHECK(counters.rewinds == 1);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(records.at(i).position.offset == static_cast<std::int64_t>(i));
  member->leave();
}

TEST_CASE("kafka source: a commit survives a coordinator that moves") {
  Cluster cluster{2};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  cluster.mock.move_group("group", 1);
  SourceProbe probe{cluster.source(topic)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  cluster.mock.push_errors(
      KafkaApi::kOffsetCommit,
      {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  cluster.mock.move_group("group", 2);
  // The group may expel its member for the move; it reads again then, and commits as the new one.
  REQUIRE(eventually([&] {
    probe.poll();
    const auto& owned = probe.owned();
    const bool has_read = owned.size() == 1 && owned.begin()->second.next == 10;
    return has_read && probe.commit_all().is_ok();
  }));
  CAPTURE(probe.lost(), probe.revoked(), probe.last_error().message(), probe.records().size());
  probe.close();
  SourceProbe next{cluster.source(topic)};
  REQUIRE(next.open());
  REQUIRE(next.poll_until_owns(1));
  CHECK(next.owned().begin()->second.next == 10);
  next.close();
}

TEST_CASE("kafka source: a commit that the broker does not take fails, and says so") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  SourceProbe probe{cluster.source(topic)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  cluster.mock.push_errors(KafkaApi::kOffsetCommit, {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED});
  const Status refused = probe.commit_all();
  REQUIRE_FALSE(refused);
  CHECK_THAT(std::string{refused.message()}, Contains("commit offsets of topic " + topic));
  CHECK(probe.commit_all());
  probe.close();
}

TEST_CASE("kafka source: where a group begins at the latest record is committed at once") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  kafka::KafkaSourceOptions options = cluster.options(topic);
  options.start.where = kafka::StartAt::Where::kLatest;
  {
    SourceProbe first{std::make_unique<kafka::KafkaSource>(options, cluster.clock)};
    REQUIRE(first.open());
    REQUIRE(first.poll_until_owns(1));
    CHECK(first.owned().begin()->second.next == 10);
    first.drop();  // it commits nothing, as a process that crashes
  }
  cluster.append(topic, 5, 10);
  SourceProbe next{std::make_unique<kafka::KafkaSource>(options, cluster.clock)};
  REQUIRE(next.open());
  REQUIRE(next.poll_until(5));
  CHECK(next.records().front().position.offset == 10);
  next.close();
}

TEST_CASE("kafka source: reading waits until it is known where the group goes on") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  cluster.mock.push_errors(KafkaApi::kOffsetFetch, {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED});
  SourceProbe probe{cluster.source(topic)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  CHECK_THAT(std::string{probe.last_error().message()}, Contains("ask what group group committed"));
  probe.close();
}

TEST_CASE("kafka source: a member that the group has expelled has lost its partitions") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  SourceProbe probe{cluster.source(topic), SourceProbe::OnRevoke::kCommit};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  cluster.mock.push_errors(KafkaApi::kHeartbeat, {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID});
  // Lost, so nothing was committed; joined again, so it all comes once more.
  REQUIRE(probe.poll_until(20));
  CHECK(probe.lost() == 1);
  CHECK(probe.revoked() == 0);
  CHECK(probe.records().back().position.epoch == 2);
  CHECK(probe.strays() == 0);
  probe.close();
}

TEST_CASE("kafka source: TLS towards a broker without it is named as such") {
  Cluster cluster{1};
  kafka::KafkaSourceOptions options = cluster.options("topic");
  options.kafka.properties["security.protocol"] = "ssl";
  SourceProbe probe{std::make_unique<kafka::KafkaSource>(options, cluster.clock)};
  REQUIRE(probe.open());
  CHECK(eventually([&] {
    probe.poll();
    return !probe.last_error().is_ok();
  }));
  CHECK_THAT(std::string{probe.last_error().message()}, Contains("TLS"));
  probe.close();
}

TEST_CASE("kafka source: to close takes a bounded time when no broker answers, and is reported") {
  Cluster cluster{1};
  const std::string topic = cluster.mock.make_topic(1);
  cluster.append(topic, 10);
  std::mutex mutex;
  std::string said;
  kafka::KafkaSourceOptions options = cluster.options(topic);
  options.close_timeout = 500ms;
  options.kafka.on_log = [&](int, std::string_view line) {
    const std::lock_guard lock{mutex};
    said.append(line).append("\n");
  };
  SourceProbe probe{std::make_unique<kafka::KafkaSource>(options, cluster.clock)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  cluster.mock.set_round_trip(1, 60'000);  // it is there, and answers nobody
  const Instant before = cluster.clock.now();
  probe.close();
  CHECK(cluster.clock.now() - before < 3s);
  CHECK(probe.owned().empty());
  const std::lock_guard lock{mutex};
  CHECK_THAT(said, Contains("left without a word"));
}

TEST_CASE("kafka source: a storm of members that join and leave loses nothing") {
  constexpr std::size_t kRecords = 3'000;
  Cluster cluster{2};
  const std::string topic = cluster.mock.make_topic(6);
  cluster.append(topic, kRecords);

  // Each member counts what it committed as done, so a commit ahead of it shows as a missing record.
  Dice dice{7};
  std::set<std::string> done;
  std::size_t wrong = 0;
  std::vector<std::unique_ptr<SourceProbe>> members;
  std::vector<std::size_t> counted;
  const auto join = [&] {
    members.push_back(std::make_unique<SourceProbe>(cluster.source(topic)));
    REQUIRE(members.back()->open());
    counted.push_back(0);
  };
  const auto work = [&](std::size_t i) {
    SourceProbe& member = *members[i];
    member.poll(40);
    wrong += member.strays() + member.repeats();
    if (!member.commit_all()) return;
    for (; counted[i] < member.records().size(); ++counted[i])
      done.insert(member.records()[counted[i]].record.value);
  };
  join();
  Instant next_change = cluster.clock.now();
  int changes = 0;
  REQUIRE(eventually(
      [&] {
        for (std::size_t i = 0; i < members.size(); ++i)
          work(i);
        if (changes < 12 && cluster.clock.now() >= next_change) {
          ++changes;
          next_change = cluster.clock.now() + std::chrono::milliseconds{200 + dice.below(800)};
          if (members.size() < 2 || (members.size() < 4 && dice.below(2) == 0)) {
            join();
          } else {
            const std::size_t leaver = dice.below(members.size());
            if (dice.below(2) == 0) members[leaver]->close();  // else it is dropped
            members.erase(members.begin() + static_cast<std::ptrdiff_t>(leaver));
            counted.erase(counted.begin() + static_cast<std::ptrdiff_t>(leaver));
          }
        }
        return changes == 12 && done.size() == kRecords;
      },
      100s));
  CHECK(done.size() == kRecords);
  CHECK(wrong == 0);
  for (const auto& member : members)
    member->close();
}

}  // namespace bora::testing
