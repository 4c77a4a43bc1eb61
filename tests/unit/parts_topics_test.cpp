#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "spouts/dead_letter.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/parts/dead_letter_replay.hpp"
#include "topologies/parts/log_topic_tools.hpp"
#include "topologies/parts/make_topics.hpp"

using namespace bora;
using namespace bora::parts;
using namespace std::chrono_literals;

namespace {

TopicsOptions kafka_at(const char* url) {
  TopicsOptions options;
  options.url = host::Url::parse(url).value();
  return options;
}

/// Dead letters of topic "in" in a broker in memory, three in each of two partitions.
struct Letters {
  Letters() {
    broker.create_topic("in", 1);
    broker.create_topic("in.dlq", 2);
    DeadLetterContext context;
    context.topic = "in";
    for (int n = 0; n < 6; ++n) {
      Record original;
      original.key = "k";
      original.value = "value " + std::to_string(n);
      original.headers = {{"schema-version", "1"}};
      broker.append("in.dlq", static_cast<std::uint32_t>(n % 2), dead_letter(original, context));
    }
  }
  /// Stops after `letters`.
  Result<ReplayedLetters> replay(std::uint64_t letters = 1'000, double rate = 0) {
    test::MemorySource source{broker, {.topic = "in.dlq", .group = "in.dlq.replay"}};
    return replay_letters({.ends = {3, 3}, .fallback_topic = "in", .rate = rate},
                          {.letters = source,
                           .sink = sink,
                           .clock = clock,
                           .wait = [this](std::chrono::nanoseconds time) { clock.advance(time); },
                           .is_stopping = [&] { return broker.records("in").size() >= letters; },
                           .on_progress = [](const ReplayedLetters&) {}});
  }
  [[nodiscard]] std::map<std::string, int> values() const {
    std::map<std::string, int> values;
    for (const auto& stored : broker.records("in"))
      ++values[stored.record.value];
    return values;
  }

  testing::ManualClock clock;
  test::MemoryBroker broker;
  test::MemorySink sink{broker};
};

}  // namespace

TEST_CASE("a topic differs from its plan only in what the plan says") {
  const TopicPlan found{.name = "t",
                        .partitions = 6,
                        .replication = 1,
                        .retention = 1h,
                        .cleanup = TopicPlan::Cleanup::kDelete};
  CHECK(differences({.name = "t"}, found).empty());
  CHECK(differences({.name = "t", .partitions = 6, .retention = 1h}, found).empty());
  CHECK(
      differences(
          {.name = "t", .partitions = 4, .replication = 3, .cleanup = TopicPlan::Cleanup::kCompact},
          found) == std::vector<std::string>{"the number of partitions is 6, not 4",
                                             "replication is 1, not 3",
                                             "cleanup is delete, not compact"});
}

TEST_CASE("topics of an embedded log are made, verified, and their lag told") {
  const testing::TemporaryDirectory directory;
  const testing::ManualClock clock;
  const auto tools = LogTopicTools::open(
      {.path = directory.path() / "topics", .durability = log::Durability::kUnsynced}, clock);
  REQUIRE(tools);
  const std::vector<TopicPlan> plans{{.name = "a", .partitions = 3}, {.name = "b"}};
  const Status missing = verify(**tools, plans, "raw");
  CHECK(missing.error().kind == ErrorKind::kNotFound);
  CHECK(missing.message() ==
        "topic a is missing; topic b is missing; run `raw topics create` with the same settings");
  for (const TopicPlan& plan : plans)
    CHECK((*tools)->create(plan));
  CHECK(verify(**tools, plans, "raw"));
  CHECK_FALSE((*tools)->create(plans[0]));
  CHECK_FALSE(verify(**tools, std::vector<TopicPlan>{{.name = "a", .partitions = 4}}, "raw"));
  CHECK(*(*tools)->ends("a") == std::vector<std::int64_t>{0, 0, 0});
  CHECK(*(*tools)->lag("a", "nobody") == 0);
  CHECK((*tools)->ends("c").error().kind == ErrorKind::kNotFound);
}

TEST_CASE("settings of Kafka that cannot be are refused before anything is touched") {
  const testing::ManualClock clock;
  CHECK(make_topics(kafka_at("kafka://a:1,b:2"), {}, "raw", clock));
  CHECK_FALSE(make_topics(kafka_at("kafka://user:secret@a:1"), {}, "raw", clock));
  TopicsOptions options = kafka_at("kafka://a:1");
  options.kafka["fetch.min.byte"] = "1";
  CHECK_THAT(make_topics(options, {}, "raw", clock).error().message,
             Catch::Contains("did you mean fetch.min.bytes"));
  options.kafka = {{"transactional.id", "x"}};
  CHECK_THAT(make_topics(options, {}, "raw", clock).error().message,
             Catch::Contains("not yours to set"));
}

TEST_CASE("a prefix is for topics in Kafka: installations do not share a log") {
  const testing::ManualClock clock;
  TopicsOptions options = kafka_at("kafka://a:1");
  options.prefix = "staging.";
  CHECK(make_topics(options, {}, "raw", clock));
  options.url = host::Url::parse("log:/nowhere").value();
  CHECK(make_topics(options, {}, "raw", clock).error().kind == ErrorKind::kInvalid);
  CHECK(make_topic_tools(options, clock).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("a dead letter comes back as it was, with where it was") {
  Letters f;
  const auto done = f.replay();
  REQUIRE(done);
  CHECK(done->replayed == 6);
  REQUIRE(f.values().size() == 6);
  const Record record = f.broker.records("in")[0].record;
  CHECK(record.key == "k");
  REQUIRE(record.headers.size() == 2);
  CHECK(record.headers[0] == RecordHeader{"schema-version", "1"});
  CHECK(record.headers[1].key == "replayed-from");
  CHECK(record.headers[1].value.starts_with("in.dlq/"));
}

TEST_CASE("a replay that ended half way goes on, and what was replayed is not replayed again") {
  Letters f;
  f.sink.fail_next(1, ErrorKind::kUnavailable);
  CHECK_FALSE(f.replay());  // its batch is not committed
  CHECK(f.broker.committed("in.dlq.replay", "in.dlq", 0) +
            f.broker.committed("in.dlq.replay", "in.dlq", 1) ==
        0);
  REQUIRE(f.replay());
  CHECK(f.values().size() == 6);
  CHECK(f.broker.committed("in.dlq.replay", "in.dlq", 0) == 3);
  CHECK(f.broker.committed("in.dlq.replay", "in.dlq", 1) == 3);
  const auto records = f.broker.records("in").size();
  const auto again = f.replay();
  REQUIRE(again);
  CHECK(again->replayed == 0);
  CHECK(f.broker.records("in").size() == records);
}

TEST_CASE("letters that come while a replay runs wait for the next one") {
  Letters f;
  f.broker.append("in.dlq", 0,
                  dead_letter({.key = {}, .value = "new", .headers = {}}, DeadLetterContext{}));
  const auto done = f.replay();
  REQUIRE(done);
  CHECK(done->replayed == 6);
  CHECK(f.values().count("new") == 0);
  CHECK(f.broker.committed("in.dlq.replay", "in.dlq", 0) == 3);
}

TEST_CASE("a replay keeps to its rate") {
  Letters f;
  const Instant begin = f.clock.now();
  REQUIRE(f.replay(1'000, 2.0));
  CHECK(f.clock.now() - begin >= 2500ms);  // the sixth is due after five halves of a second
  CHECK(f.clock.now() - begin < 4s);
}
