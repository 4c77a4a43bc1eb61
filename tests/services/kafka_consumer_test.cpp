// KafkaSource and KafkaTableSource on a real broker: what librdkafka's mock cannot show.

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/kafka_table_source.hpp"
#include "connectors/kafka/topics.hpp"
#include "services/kafka_client.hpp"
#include "spouts/record_spout.hpp"
#include "support/services.hpp"
#include "support/source_probe.hpp"

namespace bora::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

struct Broker {
  SystemClock clock;
  kafka::KafkaOptions options{.brokers = kafka_brokers(),
                              .properties = {{"heartbeat.interval.ms", "300"}}};

  std::string make_topic(std::uint32_t partitions,
                         kafka::Cleanup cleanup = kafka::Cleanup::kDelete) {
    const std::string name = "consumer-" + std::to_string(::getpid()) + "-" +
                             std::to_string(to_millis(clock.wall_now()));
    auto admin = kafka::TopicAdmin::make(options);
    REQUIRE(admin);
    REQUIRE((*admin)->create({.name = name, .partitions = partitions, .cleanup = cleanup}));
    return name;
  }
  kafka::KafkaSourceOptions source_options(const std::string& topic) {
    return {.kafka = options, .topic = topic, .group = topic, .drain_timeout = 5s};
  }
  void append(const std::string& topic, std::vector<Record> records) {
    kafka::KafkaSink sink{{.kafka = options}};
    const std::size_t count = records.size();
    REQUIRE(deliver(sink, topic, std::move(records)) == count);
  }
};

Record keyed(const std::string& key, std::string value) {
  Record record;
  record.key = key;
  record.value = std::move(value);
  return record;
}

std::vector<Record> numbered(int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i)
    records.push_back(keyed(std::to_string(i), std::to_string(i)));
  return records;
}

/// What was done, by every topology of a test.
class Effects {
 public:
  void add(const ConsumedRecord& record) {
    const std::lock_guard lock{mutex_};
    done_[record.position.partition].insert(record.position.offset);
    ++times_;
  }
  /// Offsets below `next` that were never done.
  [[nodiscard]] std::size_t missing(std::uint32_t partition, std::int64_t next) {
    const std::lock_guard lock{mutex_};
    const auto& done = done_[partition];
    const auto below = std::distance(done.begin(), done.lower_bound(next));
    return static_cast<std::size_t>(next - below);
  }
  [[nodiscard]] std::size_t distinct() {
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto& [partition, done] : done_)
      count += done.size();
    return count;
  }
  [[nodiscard]] std::size_t times() {
    const std::lock_guard lock{mutex_};
    return times_;
  }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::set<std::int64_t>> done_;
  std::size_t times_ = 0;
};

constexpr std::uint32_t kInFlight = 500;

/// Takes its time, so that there is always something in flight.
class SlowEffect final : public Bolt<ConsumedRecord, void> {
 public:
  explicit SlowEffect(Effects& effects) : effects_(effects) {}
  void execute(const ConsumedRecord& record) override {
    std::this_thread::sleep_for(200us);
    effects_.add(record);
  }

 private:
  Effects& effects_;
};

std::unique_ptr<RunningTopology> start_member(Broker& broker, const std::string& topic,
                                              Effects& effects) {
  TopologyBuilder builder{"effects"};
  const RecordConnections connections{.source =
                                          [&broker, topic](std::uint32_t) {
                                            return std::make_unique<kafka::KafkaSource>(
                                                broker.source_options(topic), broker.clock);
                                          },
                                      .dead_letters =
                                          [&broker](std::uint32_t) {
                                            return std::make_unique<kafka::KafkaSink>(
                                                kafka::KafkaSinkOptions{.kafka = broker.options});
                                          }};
  RecordSpoutOptions options;
  options.commit_every = 50ms;
  // Few enough to be done within the drain.
  const auto in = builder.spout("in",
                                [=] {
                                  return RecordSpout<ConsumedRecord>{connections, options};
                                },
                                {.max_in_flight = kInFlight});
  builder.bolt("effect", [&effects] { return SlowEffect{effects}; }).shuffle(in);
  auto started = RunningTopology::start(builder.build().value());
  REQUIRE(started);
  return std::move(*started);
}

}  // namespace

TEST_CASE("kafka source: a topic that does not exist is said to be missing") {
  Broker broker;
  SourceProbe probe{
      std::make_unique<kafka::KafkaSource>(broker.source_options("nowhere"), broker.clock)};
  REQUIRE(probe.open());
  REQUIRE(eventually([&] {
    probe.poll();
    return !probe.last_error().is_ok();
  }));
  CHECK(probe.last_error().error().kind == ErrorKind::kNotFound);
  CHECK_THAT(std::string{probe.last_error().message()}, Contains("nowhere"));
  probe.close();
}

TEST_CASE("kafka table: all of the topic is read, and the lag is zero exactly then") {
  Broker broker;
  const std::string topic = broker.make_topic(3, kafka::Cleanup::kCompact);
  std::vector<Record> records = numbered(300);
  records.push_back(keyed("7", ""));
  records.back().is_tombstone = true;
  broker.append(topic, records);

  SourceProbe probe{std::make_unique<kafka::KafkaTableSource>(
      kafka::KafkaTableSourceOptions{.kafka = broker.options, .topic = topic}, broker.clock)};
  REQUIRE(probe.open());
  CHECK_FALSE(probe.source().lag());
  std::size_t at_zero = 0;
  REQUIRE(eventually([&] {
    probe.poll(50);
    if (probe.source().lag() != 0u) return false;
    at_zero = probe.records().size();
    return true;
  }));
  CHECK(at_zero == 301);
  CHECK(probe.owned().size() == 3);
  CHECK(std::count_if(probe.records().begin(), probe.records().end(),
                      [](const SourceRecord& one) { return one.record.is_tombstone; }) == 1);

  broker.append(topic, {keyed("8", "new")});
  REQUIRE(probe.poll_until(302));
  CHECK(eventually([&] {
    probe.poll();
    return probe.source().lag() == 0u;
  }));
  probe.close();
}

TEST_CASE(
    "kafka table: an empty topic has been read at once, a missing one is said to be missing") {
  Broker broker;
  const std::string topic = broker.make_topic(2, kafka::Cleanup::kCompact);
  SourceProbe empty{std::make_unique<kafka::KafkaTableSource>(
      kafka::KafkaTableSourceOptions{.kafka = broker.options, .topic = topic}, broker.clock)};
  REQUIRE(empty.open());
  CHECK(eventually([&] {
    empty.poll();
    return empty.source().lag() == 0u;
  }));
  empty.close();
  SourceProbe missing{std::make_unique<kafka::KafkaTableSource>(
      kafka::KafkaTableSourceOptions{.kafka = broker.options, .topic = "nowhere"}, broker.clock)};
  REQUIRE(missing.open());
  CHECK(eventually([&] {
    missing.poll();
    return !missing.last_error().is_ok();
  }));
  CHECK(missing.last_error().error().kind == ErrorKind::kNotFound);
  missing.close();
}

TEST_CASE("kafka table: partitions that are added to the topic are read, too") {
  Broker broker;
  const std::string topic = broker.make_topic(1, kafka::Cleanup::kCompact);
  broker.append(topic, numbered(10));
  SourceProbe probe{std::make_unique<kafka::KafkaTableSource>(
      kafka::KafkaTableSourceOptions{.kafka = broker.options, .topic = topic, .look_every = 200ms},
      broker.clock)};
  REQUIRE(probe.open());
  REQUIRE(probe.poll_until(10));
  services::KafkaClient admin{RD_KAFKA_PRODUCER, services::plain_settings()};
  REQUIRE(admin.add_partitions(topic, 4) == "");
  REQUIRE(probe.poll_until_owns(4));
  broker.append(topic, numbered(40));
  CHECK(probe.poll_until(50));
  CHECK(probe.strays() == 0);
  probe.close();
}

TEST_CASE("kafka source: a group's first run may begin at a time, and goes on from there") {
  Broker broker;
  const std::string topic = broker.make_topic(1);
  const WallTime begin = broker.clock.wall_now() - 1h;
  std::vector<Record> records = numbered(10);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i].timestamp = begin + std::chrono::minutes{i};
  broker.append(topic, records);
  auto options = broker.source_options(topic);
  options.start = {.where = kafka::StartAt::Where::kTime, .time = begin + 150s};
  {
    SourceProbe probe{std::make_unique<kafka::KafkaSource>(options, broker.clock)};
    REQUIRE(probe.open());
    REQUIRE(probe.poll_until(7));
    CHECK(probe.records().front().record.value == "3");
    probe.close();
  }
  // Nothing was done, but the beginning is committed: the time counts no more.
  options.start.time = begin + 500s;
  SourceProbe again{std::make_unique<kafka::KafkaSource>(options, broker.clock)};
  REQUIRE(again.open());
  REQUIRE(again.poll_until(7));
  CHECK(again.records().front().record.value == "3");
  again.close();
  // After the last record: what comes from now on.
  options.group += "-late";
  options.start.time = broker.clock.wall_now();
  SourceProbe late{std::make_unique<kafka::KafkaSource>(options, broker.clock)};
  REQUIRE(late.open());
  REQUIRE(late.poll_until_owns(1));
  broker.append(topic, {keyed("k", "new")});
  REQUIRE(late.poll_until(1));
  CHECK(late.records().front().record.value == "new");
  late.close();
}

TEST_CASE("kafka source: a static member that restarts has its partitions again, and moves none") {
  Broker broker;
  const std::string topic = broker.make_topic(4);
  const auto member = [&](const std::string& instance) {
    auto options = broker.source_options(topic);
    options.instance_id = instance;
    return std::make_unique<SourceProbe>(
        std::make_unique<kafka::KafkaSource>(options, broker.clock));
  };
  auto first = member("first");
  REQUIRE(first->open());
  REQUIRE(first->poll_until_owns(4));
  auto second = member("second");
  REQUIRE(second->open());
  const auto both = [&](std::size_t mine) {
    return eventually([&] {
      first->poll();
      second->poll();
      return first->owned().size() == 2 && second->owned().size() == mine;
    });
  };
  REQUIRE(both(2));
  const std::size_t moved = first->revoked() + first->lost();
  std::set<std::uint32_t> before;
  for (const auto& [partition, owned] : second->owned())
    before.insert(partition);

  second->close();
  // The group does not share out what it had: heartbeats would have told the other by then.
  const Instant told = broker.clock.now() + 1'500ms;
  while (broker.clock.now() < told) {
    first->poll();
    std::this_thread::sleep_for(10ms);
  }
  CHECK(first->owned().size() == 2);
  second = member("second");
  REQUIRE(second->open());
  REQUIRE(both(2));
  for (const auto& [partition, owned] : second->owned())
    CHECK(before.count(partition) == 1);
  CHECK(first->revoked() + first->lost() == moved);
  second->close();
  first->close();
}

TEST_CASE(
    "kafka source: partitions that move with records in flight lose none, commit none ahead") {
  constexpr int kRecords = 10'000;
  constexpr std::uint32_t kPartitions = 6;
  Broker broker;
  const std::string topic = broker.make_topic(kPartitions);
  broker.append(topic, numbered(kRecords));
  Effects effects;
  auto admin = kafka::TopicAdmin::make(broker.options);
  REQUIRE(admin);

  const auto first = start_member(broker, topic, effects);
  std::unique_ptr<RunningTopology> second;
  std::size_t ahead = 0;
  int changes = 0;
  std::size_t changed_at = 0;
  const bool is_done = eventually(
      [&] {
        const std::size_t done = effects.distinct();
        if (done >= changed_at + 800 && changes < 6) {
          ++changes;
          changed_at = done;
          if (second == nullptr) {
            second = start_member(broker, topic, effects);
          } else {
            static_cast<void>(second->stop(5s));
            second.reset();
          }
        }
        const auto committed = (*admin)->committed(topic, topic);
        if (!committed) return false;
        std::int64_t sum = 0;
        for (std::uint32_t p = 0; p < kPartitions; ++p) {
          const std::int64_t next = (*committed)[p];
          if (next <= 0) continue;
          ahead += effects.missing(p, next);
          sum += next;
        }
        return sum == kRecords;
      },
      100s);
  CHECK(is_done);
  CHECK(effects.distinct() == kRecords);
  CHECK(ahead == 0);
  CHECK(changes == 6);
  // Who leaves in order commits what it did. One commit may cross a join that is just being sent.
  CHECK(effects.times() - effects.distinct() <= kInFlight);
  if (second != nullptr) static_cast<void>(second->stop(5s));
  static_cast<void>(first->stop(5s));
}

}  // namespace bora::testing
