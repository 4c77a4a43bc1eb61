#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "bora/check.hpp"
#include "connectors/kafka/kafka_sink.hpp"

using namespace bora;
using namespace bora::kafka;
using namespace std::chrono_literals;

namespace {

constexpr std::int16_t kProduce = 0;  // the protocol's number of the request

/// librdkafka's own broker for tests, one node, in this process.
class MockCluster {
 public:
  MockCluster() {
    std::array<char, 256> why{};
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why.data(), why.size());
    BORA_CHECK(handle_ != nullptr, why.data());
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  void create_topic(const char* name, int partitions) {
    rd_kafka_mock_topic_create(cluster_, name, partitions, 1);
  }
  void fail_next_produce(rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors(cluster_, kProduce, 1, code);
  }
  void go_down() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void come_up() { rd_kafka_mock_broker_set_up(cluster_, 1); }

  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

  /// Values of a partition, in order of their offsets.
  [[nodiscard]] std::vector<std::string> values(const char* topic, int partition,
                                                std::size_t at_least) const {
    std::array<char, 256> why{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), why.data(), why.size());
    rd_kafka_conf_set(conf, "group.id", "looker", why.data(), why.size());
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    BORA_CHECK(consumer != nullptr, why.data());
    auto* partitions = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(partitions, topic, partition)->offset = 0;
    rd_kafka_assign(consumer, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    std::vector<std::string> values;
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (values.size() < at_least && std::chrono::steady_clock::now() < deadline) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        values.emplace_back(static_cast<const char*>(message->payload), message->len);
      rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy(consumer);
    return values;
  }

 private:
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

struct Fixture {
  Fixture() { cluster.create_topic("readings", 1); }

  KafkaSinkOptions options() {
    KafkaSinkOptions made;
    made.kafka.brokers = cluster.brokers();
    made.kafka.properties = {{"reconnect.backoff.max.ms", "200"}, {"retry.backoff.ms", "20"}};
    made.stats = stats;
    return made;
  }
  static Record numbered(std::size_t n) {
    Record record;
    record.key = "device";
    record.value = "value " + std::to_string(n);
    return record;
  }
  /// Polls until `wanted` outcomes are there.
  static std::vector<RecordSink::Delivery> outcomes(RecordSink& sink, std::size_t wanted,
                                                    std::chrono::seconds patience = 20s) {
    std::vector<RecordSink::Delivery> known;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (known.size() < wanted && std::chrono::steady_clock::now() < deadline) {
      if (sink.poll(known) == 0) std::this_thread::sleep_for(1ms);
    }
    return known;
  }

  MockCluster cluster;
  std::shared_ptr<KafkaSinkStats> stats = std::make_shared<KafkaSinkStats>();
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "after a fatal error the producer is made anew and what has no outcome is sent "
                 "again, in order") {
  constexpr std::size_t kRecords = 500;
  KafkaSink sink{options()};
  REQUIRE(sink.append("readings", numbered(0), 0));
  REQUIRE(sink.flush(10s));
  // For an idempotent producer a gap in its sequence is the end.
  cluster.fail_next_produce(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  for (std::size_t n = 1; n < kRecords; ++n)
    REQUIRE(sink.append("readings", numbered(n), n));
  const auto known = outcomes(sink, kRecords);
  REQUIRE(known.size() == kRecords);
  for (std::size_t n = 0; n < kRecords; ++n) {
    CHECK(known[n].status);
    CHECK(known[n].tag == n);
  }
  CHECK(stats->recreated == 1);
  CHECK(stats->resent > 0);
  CHECK(stats->delivered == kRecords);
  CHECK(stats->queued_records == 0);
  CHECK(stats->queued_bytes == 0);
  const auto stored = cluster.values("readings", 0, kRecords);
  REQUIRE(stored.size() >= kRecords);
  std::size_t next = 0;  // each value for the first time in order; duplicates may follow
  for (const std::string& value : stored)
    if (next < kRecords && value == numbered(next).value) ++next;
  CHECK(next == kRecords);
}

TEST_CASE_METHOD(Fixture, "an outage shorter than the delivery timeout is waited out") {
  KafkaSink sink{options()};
  REQUIRE(sink.append("readings", numbered(0), 0));
  REQUIRE(sink.flush(10s));
  std::vector<RecordSink::Delivery> known;
  sink.poll(known);
  cluster.go_down();
  REQUIRE(sink.append("readings", numbered(1), 1));
  CHECK_FALSE(sink.flush(300ms));
  cluster.come_up();
  known = outcomes(sink, 1);
  REQUIRE(known.size() == 1);
  CHECK(known[0].status);
}

TEST_CASE_METHOD(Fixture,
                 "a record whose time is over in an outage fails as unavailable, and is taken when "
                 "it comes again") {
  KafkaSinkOptions impatient = options();
  impatient.delivery_timeout = 300ms;
  impatient.kafka.properties["socket.timeout.ms"] = "200";
  KafkaSink sink{impatient};
  REQUIRE(sink.append("readings", numbered(0), 0));
  REQUIRE(sink.flush(10s));
  std::vector<RecordSink::Delivery> known;
  sink.poll(known);
  cluster.go_down();
  REQUIRE(sink.append("readings", numbered(1), 1));
  known = outcomes(sink, 1);
  REQUIRE(known.size() == 1);
  CHECK(known[0].status.is_retryable());
  CHECK_THAT(std::string{known[0].status.message()}, Catch::Contains("write to topic readings"));
  cluster.come_up();
  // As a caller does: again, until it is there.
  bool is_delivered = false;
  for (int attempt = 0; attempt < 50 && !is_delivered; ++attempt) {
    REQUIRE(sink.append("readings", numbered(1), 1));
    known = outcomes(sink, 1);
    REQUIRE(known.size() == 1);
    is_delivered = known[0].status.is_ok();
  }
  CHECK(is_delivered);
  CHECK(cluster.values("readings", 0, 2).size() >= 2);
}

TEST_CASE_METHOD(Fixture, "a full queue refuses, and an outcome that makes room wakes") {
  KafkaSinkOptions small = options();
  small.max_queued_records = 3;
  small.kafka.properties["linger.ms"] = "100";
  std::atomic<int> wakes{0};
  KafkaSink sink{small};
  sink.on_delivery([&] { ++wakes; });
  for (std::size_t n = 0; n < 3; ++n)
    REQUIRE(sink.append("readings", numbered(n), n));
  const Status refused = sink.append("readings", numbered(3), 3);
  CHECK(refused.is_retryable());
  CHECK(stats->refused == 1);
  CHECK(stats->queued_records == 3);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (wakes == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  CHECK(wakes > 0);
  CHECK(outcomes(sink, 3).size() == 3);
  CHECK(sink.append("readings", numbered(3), 3));
  REQUIRE(sink.flush(10s));
  CHECK(stats->queued_records == 0);
}

TEST_CASE_METHOD(Fixture, "a sink that dies with records queued lets go of them") {
  {
    KafkaSinkOptions slow = options();
    slow.kafka.properties["linger.ms"] = "5000";
    KafkaSink sink{slow};
    for (std::size_t n = 0; n < 100; ++n)
      REQUIRE(sink.append("readings", numbered(n), n));
    CHECK(stats->queued_records == 100);
  }
  CHECK(stats->queued_records == 0);
  CHECK(stats->queued_bytes == 0);
}

TEST_CASE("a configuration that librdkafka does not take is told by append and by the check") {
  KafkaSinkOptions wrong;
  wrong.kafka.brokers = "127.0.0.1:1";
  wrong.kafka.properties = {{"transactional.id", "mine"}};
  CHECK_THAT(std::string{check_sink_options(wrong).message()}, Catch::Contains("not yours to set"));
  KafkaSink sink{wrong};
  CHECK(sink.append("readings", {}, 1).error().kind == ErrorKind::kInvalid);
  std::vector<RecordSink::Delivery> known;
  CHECK(sink.poll(known) == 0);
  CHECK(sink.flush(1s));
}
