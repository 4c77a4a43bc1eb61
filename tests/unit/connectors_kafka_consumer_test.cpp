#include <catch2/catch.hpp>

#include "connectors/kafka/conf.hpp"
#include "connectors/kafka/errors.hpp"
#include "connectors/kafka/group_watch.hpp"
#include "connectors/kafka/kafka_stats.hpp"
#include "connectors/kafka/options.hpp"
#include "connectors/kafka/start_offsets.hpp"

namespace bora::kafka {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

std::string text_of(const Status& status) { return std::string{status.message()}; }

Start chosen(const StartAt& start, std::int64_t committed, Bounds bounds, std::int64_t timed = -1) {
  const Result<Start> result = choose_start(3, start, committed, bounds, timed);
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("kafka settings: a misspelt property is refused with the nearest name") {
  const Status refused = check_properties({{"fetch.min.byte", "10"}});
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(text_of(refused), Contains("No such configuration property"));
  CHECK_THAT(text_of(refused), Contains("did you mean fetch.min.bytes?"));
}

TEST_CASE("kafka settings: a name of the Java client is refused with what it is called here") {
  CHECK_THAT(text_of(check_properties({{"max.poll.records", "10"}})), Contains("poll_records"));
  CHECK_THAT(text_of(check_properties({{"key.serializer", "x"}})), Contains("Java"));
  CHECK_THAT(text_of(check_properties({{"bootstrap.servers", "x:1"}})), Contains("topics URL"));
}

TEST_CASE("kafka settings: a value out of range is refused with librdkafka's reason") {
  CHECK_THAT(text_of(check_properties({{"session.timeout.ms", "-1"}})),
             Contains("outside allowed range"));
  CHECK(check_properties({{"session.timeout.ms", "6000"}, {"acks", "all"}}));
}

TEST_CASE("kafka settings: what a client owns is refused with the reason, defaults are not") {
  const std::vector<Preset> presets = {{"enable.auto.commit", "false", "we commit"},
                                       {"check.crcs", "true"}};
  const auto make = [&](const Properties& properties) {
    return make_conf({.brokers = "localhost:1", .properties = properties}, Role::kConsumer,
                     presets);
  };
  CHECK_THAT(text_of(make({{"enable.auto.commit", "true"}}).status()), Contains("we commit"));
  CHECK(make({{"check.crcs", "false"}}));
  CHECK(make({{"linger.ms", "7"}}));  // of producers: left out, not refused
  CHECK(make_conf({}, Role::kConsumer, presets).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("kafka settings: secrets are masked, in lists and in errors") {
  const auto shown = masked({{"sasl.password", "hunter2"},
                             {"sasl.username", "bora"},
                             {"ssl.key.password", "hunter2"},
                             {"ssl.key.pem", "hunter2"}});
  for (const auto& [name, value] : shown)
    CHECK(value == (name == "sasl.username" ? "bora" : "***"));
}

TEST_CASE("kafka errors: silence of brokers can be tried again, a forbidden topic cannot") {
  const Status silent = translate(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "read topic reports", "why");
  CHECK(silent.is_retryable());
  CHECK_THAT(text_of(silent), Contains("could not read topic reports: ") && Contains("; why)"));
  CHECK(translate(RD_KAFKA_RESP_ERR_NOT_COORDINATOR, "commit").is_retryable());
  const Status forbidden = translate(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "read");
  CHECK(forbidden.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(text_of(forbidden), Contains("ACL"));
  CHECK(translate(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "read").error().kind ==
        ErrorKind::kNotFound);
  CHECK(translate(RD_KAFKA_RESP_ERR_NO_ERROR, "read"));
}

TEST_CASE("kafka errors: a log line about TLS says what to do, another says nothing") {
  CHECK_THAT(explain_security("SSL handshake failed: error: ...: SSL alert number 42"),
             Contains("kafka.ssl.certificate.location"));
  CHECK_THAT(
      explain_security("certificate verify failed: broker certificate could not be verified"),
      Contains("kafka.ssl.ca.location"));
  CHECK(explain_security("Connect to ipv4#127.0.0.1:1 failed: Connection refused").empty());
}

TEST_CASE("kafka start: a group goes on where it committed, whatever the start says") {
  const StartAt latest{.where = StartAt::Where::kLatest};
  const Start start = chosen(latest, 40, {10, 100});
  CHECK(start.offset == 40);
  CHECK_FALSE(start.is_first_run);
  CHECK(start.partition == 3);
  CHECK(start.end == 100);
}

TEST_CASE("kafka start: records that retention took are skipped and counted") {
  const Start start = chosen({}, 4, {10, 100});
  CHECK(start.offset == 10);
  CHECK(start.skipped == 6);
}

TEST_CASE("kafka start: a commit behind the end means a topic made anew, which is read whole") {
  CHECK(chosen({}, 500, {0, 100}).offset == 0);
  CHECK(chosen({}, 100, {0, 100}).offset == 100);
}

TEST_CASE(
    "kafka start: a start that was chosen is committed before reading, the earliest need not") {
  CHECK(chosen({}, -1, {10, 100}).offset == 10);
  CHECK_FALSE(chosen({}, -1, {10, 100}).is_first_run);
  const Start latest = chosen({.where = StartAt::Where::kLatest}, -1, {10, 100});
  CHECK(latest.offset == 100);
  CHECK(latest.is_first_run);
  CHECK(chosen({.where = StartAt::Where::kTime}, -1, {10, 100}, 55).offset == 55);
  CHECK(chosen({.where = StartAt::Where::kTime}, -1, {10, 100}, -1).offset == 100);
  CHECK(choose_start(3, {.where = StartAt::Where::kCommitted}, -1, {10, 100}, -1).error().kind ==
        ErrorKind::kNotFound);
}

TEST_CASE("kafka statistics: unknown lags and partitions of others are left out") {
  const auto stats = parse_stats(R"({"age":5000,"msg_cnt":3,"rxmsgs":9,
    "brokers":{"b":{"name":"b:1/1","nodeid":1,"state":"UP","rtt":{"p50":7,"p99":9}},
               "boot":{"name":"b:1/bootstrap","nodeid":-1,"state":"DOWN"}},
    "topics":{"t":{"partitions":{
      "0":{"partition":0,"fetch_state":"active","consumer_lag":12,"fetchq_cnt":2,"ls_offset":30},
      "1":{"partition":1,"fetch_state":"active","consumer_lag":-1,"ls_offset":-1001},
      "2":{"partition":2,"fetch_state":"none","consumer_lag":99},
      "-1":{"partition":-1,"fetch_state":"active"}}}},
    "cgrp":{"state":"up","join_state":"steady","rebalance_cnt":4}})");
  REQUIRE(stats);
  REQUIRE(stats->brokers.size() == 1);
  CHECK(stats->brokers[0].state == BrokerStats::State::kUp);
  CHECK(stats->brokers[0].round_trip_p99 == 9us);
  REQUIRE(stats->partitions.size() == 2);
  CHECK(stats->partitions[0].lag == 12u);
  CHECK_FALSE(stats->partitions[1].lag);
  CHECK(stats->partitions[1].end == -1);
  CHECK(stats->rebalances == 4);
  CHECK(parse_stats("{").error().kind == ErrorKind::kCorrupt);
}

TEST_CASE("kafka group: a member is stuck when it does not settle while a broker answers") {
  KafkaStats stats;
  stats.brokers.resize(1);
  stats.brokers[0].state = BrokerStats::State::kUp;
  stats.join_state = "wait-join";
  GroupWatch watch{10s};
  const Instant start{};
  CHECK_FALSE(watch.is_stuck(start, stats));
  CHECK_FALSE(watch.is_stuck(start + 9s, stats));
  CHECK(watch.is_stuck(start + 10s, stats));
  SECTION("a steady moment begins the wait anew") {
    stats.join_state = "steady";
    CHECK_FALSE(watch.is_stuck(start + 11s, stats));
    stats.join_state = "wait-sync";
    CHECK_FALSE(watch.is_stuck(start + 12s, stats));
  }
  SECTION("without a broker there is nothing to settle") {
    stats.brokers[0].state = BrokerStats::State::kDown;
    CHECK_FALSE(watch.is_stuck(start + 30s, stats));
  }
}

}  // namespace bora::kafka
