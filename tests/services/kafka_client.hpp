#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <librdkafka/rdkafka.h>

namespace bora::services {

/// A bare librdkafka handle, for tests of what a broker lets a client do: nothing of the project
/// stands between the two. Errors are librdkafka's names, such as "TOPIC_AUTHORIZATION_FAILED"; an
/// empty text is success.
/// Threads: single-owner; librdkafka's own threads write the log only.
class KafkaClient {
 public:
  using Settings = std::map<std::string, std::string>;
  static constexpr std::chrono::milliseconds kPatience{10'000};

  KafkaClient(rd_kafka_type_t type, Settings settings);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  [[nodiscard]] std::string ask_metadata(std::chrono::milliseconds timeout = kPatience);
  /// How many topics the broker names to this client, when asked for all. Fails: throws.
  [[nodiscard]] int count_topics();
  /// One record, and waits for its delivery report.
  [[nodiscard]] std::string write(const std::string& topic);
  /// Partition 0 from its beginning, without joining a group: the first record or error that comes.
  [[nodiscard]] std::string read(const std::string& topic);
  /// As a member of `group.id`: the first record or error that comes.
  [[nodiscard]] std::string read_in_group(const std::string& topic);

  [[nodiscard]] std::string create_topic(const std::string& topic, int partitions);
  /// Until the topic has `partitions` in all.
  [[nodiscard]] std::string add_partitions(const std::string& topic, std::size_t partitions);
  [[nodiscard]] std::string delete_topic(const std::string& topic);
  /// Lets `principal` write to `topic`, or takes that back.
  [[nodiscard]] std::string grant_write(const std::string& principal, const std::string& topic);
  [[nodiscard]] std::string revoke_write(const std::string& principal, const std::string& topic);

  /// Waits until librdkafka has logged a line that holds `text`.
  [[nodiscard]] bool logs(const std::string& text, std::chrono::milliseconds timeout = kPatience);
  [[nodiscard]] std::string log() const;

 private:
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* client);
  [[nodiscard]] std::string first_event();

  mutable std::mutex mutex_;
  std::string log_;        // under mutex_
  std::string delivered_;  // of the last write
  rd_kafka_t* handle_ = nullptr;
};

/// Settings for the plain listener.
[[nodiscard]] KafkaClient::Settings plain_settings();
/// Settings for the listener with TLS; `certificate` is a name of scripts/certs, or empty for none.
[[nodiscard]] KafkaClient::Settings tls_settings(const std::string& certificate);

/// A topic that the operator made for one test, and that goes with it.
class TestTopic {
 public:
  explicit TestTopic(const std::string& prefix);
  ~TestTopic();
  TestTopic(const TestTopic&) = delete;
  TestTopic& operator=(const TestTopic&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  KafkaClient admin_;
  std::string name_;
};

}  // namespace bora::services
