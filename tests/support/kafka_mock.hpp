#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace bora::testing {

/// Requests of Kafka's protocol whose answers a test may spoil, by their numbers there.
enum class KafkaApi : std::int16_t {
  kProduce = 0,
  kFetch = 1,
  kListOffsets = 2,
  kMetadata = 3,
  kOffsetCommit = 8,
  kOffsetFetch = 9,
  kFindCoordinator = 10,
  kJoinGroup = 11,
  kHeartbeat = 12,
  kLeaveGroup = 13,
  kSyncGroup = 14,
};

/// librdkafka's mock cluster: brokers on loopback inside this process, whose faults the test sets. Its
/// groups wait three seconds for further members before their first assignment.
///
/// Threads: any. Fails: throws std::runtime_error.
class KafkaMock {
 public:
  explicit KafkaMock(int brokers = 1);

  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster()); }
  /// A new topic of that many partitions, on all brokers; returns its name.
  std::string make_topic(std::uint32_t partitions);

  /// Brokers are numbered from 1 on.
  void set_down(std::int32_t broker) { rd_kafka_mock_broker_set_down(cluster(), broker); }
  void set_up(std::int32_t broker) { rd_kafka_mock_broker_set_up(cluster(), broker); }
  void set_round_trip(std::int32_t broker, int ms) {
    rd_kafka_mock_broker_set_rtt(cluster(), broker, ms);
  }
  void move_group(const std::string& group, std::int32_t broker) {
    rd_kafka_mock_coordinator_set(cluster(), "group", group.c_str(), broker);
  }
  void move_partition(const std::string& topic, std::int32_t partition, std::int32_t broker) {
    rd_kafka_mock_partition_set_leader(cluster(), topic.c_str(), partition, broker);
  }
  /// The next answers to such requests, whoever asks.
  void push_errors(KafkaApi api, std::initializer_list<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster(), static_cast<std::int16_t>(api),
                                            errors.size(), errors.begin());
  }
  void clear_errors(KafkaApi api) {
    rd_kafka_mock_clear_request_errors(cluster(), static_cast<std::int16_t>(api));
  }

 private:
  struct Free {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    void operator()(rd_kafka_mock_cluster_t* held) const { rd_kafka_mock_cluster_destroy(held); }
  };
  [[nodiscard]] rd_kafka_mock_cluster_t* cluster() const { return cluster_.get(); }

  std::unique_ptr<rd_kafka_t, Free> handle_;  // what the cluster hangs on; it talks to nobody
  std::unique_ptr<rd_kafka_mock_cluster_t, Free> cluster_;
  int brokers_;
  int topics_ = 0;
};

}  // namespace bora::testing
