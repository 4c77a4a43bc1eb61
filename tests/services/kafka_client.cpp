#include "services/kafka_client.hpp"

#include <array>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <utility>

#include "support/services.hpp"

namespace bora::services {

namespace {

constexpr int kTimeoutMs = static_cast<int>(KafkaClient::kPatience.count());

std::string name_of(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? std::string() : rd_kafka_err2name(error);
}

template <typename T, void (*kDestroy)(T*)>
struct Destroy {
  void operator()(T* object) const { kDestroy(object); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using Message =
    std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_t, rd_kafka_message_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_t, rd_kafka_topic_destroy>>;
using Partitions = std::unique_ptr<
    rd_kafka_topic_partition_list_t,
    Destroy<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>>;
using NewTopic =
    std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>>;
using NewPartitions =
    std::unique_ptr<rd_kafka_NewPartitions_t,
                    Destroy<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t,
                                    Destroy<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>>;
using AclBinding = std::unique_ptr<rd_kafka_AclBinding_t,
                                   Destroy<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>>;

/// Makes an admin request by `ask(queue)` and gives what it answered.
template <typename Ask>
Event answer_to(rd_kafka_t* handle, const Ask& ask) {
  const Queue queue(rd_kafka_queue_new(handle));
  ask(queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (!event) throw std::runtime_error("the broker does not answer an admin request");
  return event;
}

std::string error_of(const rd_kafka_topic_result_t* const* results, std::size_t count) {
  return count == 1 ? name_of(rd_kafka_topic_result_error(results[0])) : "no single result";
}

constexpr rd_kafka_ResourcePatternType_t kLiteral = RD_KAFKA_RESOURCE_PATTERN_LITERAL;

}  // namespace

KafkaClient::KafkaClient(rd_kafka_type_t type, Settings settings) {
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  settings.emplace("reconnect.backoff.max.ms", "200");
  for (const auto& [key, value] : settings)
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK)
      throw std::runtime_error(reason.data());
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_log_cb(conf, on_log);
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  handle_ = rd_kafka_new(type, conf, reason.data(), reason.size());
  if (handle_ == nullptr) throw std::runtime_error(reason.data());
}

KafkaClient::~KafkaClient() {
  rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void KafkaClient::on_log(const rd_kafka_t* handle, int /*level*/, const char* /*facility*/,
                         const char* text) {
  auto* client = static_cast<KafkaClient*>(rd_kafka_opaque(handle));
  const std::lock_guard lock(client->mutex_);
  client->log_.append(text).push_back('\n');
}

void KafkaClient::on_delivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message,
                              void* client) {
  static_cast<KafkaClient*>(client)->delivered_ = name_of(message->err);
}

std::string KafkaClient::ask_metadata(std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error =
      rd_kafka_metadata(handle_, 0, nullptr, &metadata, static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return name_of(error);
  const bool empty = metadata->broker_cnt == 0;
  rd_kafka_metadata_destroy(metadata);
  return empty ? "no broker" : "";
}

int KafkaClient::count_topics() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(handle_, 1, nullptr, &metadata, kTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
  const int count = metadata->topic_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

std::string KafkaClient::write(const std::string& topic) {
  delivered_ = "no report";
  std::string value = "a record of a test";
  const Topic handle(rd_kafka_topic_new(handle_, topic.c_str(), nullptr));
  if (rd_kafka_produce(handle.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value.data(),
                       value.size(), nullptr, 0, nullptr) != 0)
    return name_of(rd_kafka_last_error());
  rd_kafka_flush(handle_, kTimeoutMs);
  return delivered_;
}

std::string KafkaClient::first_event() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    const Message message(rd_kafka_consumer_poll(handle_, 100));
    if (message) return name_of(message->err);
  }
  return "nothing came";
}

std::string KafkaClient::read(const std::string& topic) {
  // The old interface: the new one asks for the group's coordinator in any case.
  const Topic handle(rd_kafka_topic_new(handle_, topic.c_str(), nullptr));
  if (rd_kafka_consume_start(handle.get(), 0, RD_KAFKA_OFFSET_BEGINNING) != 0)
    return name_of(rd_kafka_last_error());
  const Message message(rd_kafka_consume(handle.get(), 0, kTimeoutMs));
  rd_kafka_consume_stop(handle.get(), 0);
  return message ? name_of(message->err) : "nothing came";
}

std::string KafkaClient::read_in_group(const std::string& topic) {
  rd_kafka_poll_set_consumer(handle_);
  const Partitions topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto error = rd_kafka_subscribe(handle_, topics.get());
  return error != RD_KAFKA_RESP_ERR_NO_ERROR ? name_of(error) : first_event();
}

std::string KafkaClient::create_topic(const std::string& topic, int partitions) {
  const NewTopic wanted(rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, nullptr, 0));
  const Event event = answer_to(handle_, [&](rd_kafka_queue_t* queue) {
    rd_kafka_NewTopic_t* one = wanted.get();
    rd_kafka_CreateTopics(handle_, &one, 1, nullptr, queue);
  });
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return name_of(rd_kafka_event_error(event.get()));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  return error_of(results, count);
}

std::string KafkaClient::add_partitions(const std::string& topic, std::size_t partitions) {
  const NewPartitions wanted(rd_kafka_NewPartitions_new(topic.c_str(), partitions, nullptr, 0));
  const Event event = answer_to(handle_, [&](rd_kafka_queue_t* queue) {
    rd_kafka_NewPartitions_t* one = wanted.get();
    rd_kafka_CreatePartitions(handle_, &one, 1, nullptr, queue);
  });
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return name_of(rd_kafka_event_error(event.get()));
  std::size_t count = 0;
  const auto* results = rd_kafka_CreatePartitions_result_topics(
      rd_kafka_event_CreatePartitions_result(event.get()), &count);
  return error_of(results, count);
}

std::string KafkaClient::delete_topic(const std::string& topic) {
  const DeleteTopic unwanted(rd_kafka_DeleteTopic_new(topic.c_str()));
  const Event event = answer_to(handle_, [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopic_t* one = unwanted.get();
    rd_kafka_DeleteTopics(handle_, &one, 1, nullptr, queue);
  });
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return name_of(rd_kafka_event_error(event.get()));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  return error_of(results, count);
}

std::string KafkaClient::grant_write(const std::string& principal, const std::string& topic) {
  const AclBinding rule(rd_kafka_AclBinding_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), kLiteral, principal.c_str(), "*",
      RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, nullptr, 0));
  const Event event = answer_to(handle_, [&](rd_kafka_queue_t* queue) {
    rd_kafka_AclBinding_t* one = rule.get();
    rd_kafka_CreateAcls(handle_, &one, 1, nullptr, queue);
  });
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return name_of(rd_kafka_event_error(event.get()));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  if (count != 1) return "no single result";
  const rd_kafka_error_t* error = rd_kafka_acl_result_error(results[0]);
  return error == nullptr ? "" : rd_kafka_error_name(error);
}

std::string KafkaClient::revoke_write(const std::string& principal, const std::string& topic) {
  const AclBinding rule(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), kLiteral, principal.c_str(), "*",
      RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, nullptr, 0));
  const Event event = answer_to(handle_, [&](rd_kafka_queue_t* queue) {
    rd_kafka_AclBinding_t* one = rule.get();
    rd_kafka_DeleteAcls(handle_, &one, 1, nullptr, queue);
  });
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return name_of(rd_kafka_event_error(event.get()));
  std::size_t count = 0;
  const auto* responses =
      rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event.get()), &count);
  if (count != 1) return "no single result";
  std::size_t matched = 0;
  rd_kafka_DeleteAcls_result_response_matching_acls(responses[0], &matched);
  return matched == 1 ? "" : "no such rule";
}

bool KafkaClient::logs(const std::string& text, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (log().find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    rd_kafka_poll(handle_, 20);
  }
  return true;
}

std::string KafkaClient::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

KafkaClient::Settings plain_settings() { return {{"bootstrap.servers", testing::kafka_brokers()}}; }

KafkaClient::Settings tls_settings(const std::string& certificate) {
  const auto certs = testing::certs_directory();
  KafkaClient::Settings settings{{"bootstrap.servers", testing::kafka_tls_brokers()},
                                 {"security.protocol", "ssl"},
                                 {"ssl.ca.location", (certs / "ca.pem").string()}};
  if (!certificate.empty()) {
    settings["ssl.certificate.location"] = (certs / (certificate + ".pem")).string();
    settings["ssl.key.location"] = (certs / (certificate + ".key")).string();
  }
  return settings;
}

TestTopic::TestTopic(const std::string& prefix)
    : admin_(RD_KAFKA_PRODUCER, tls_settings("operator")),
      name_(prefix + std::to_string(::getpid()) + "." +
            std::to_string(std::chrono::steady_clock::now().time_since_epoch().count())) {
  const std::string error = admin_.create_topic(name_, 1);
  if (!error.empty()) throw std::runtime_error("creating topic " + name_ + ": " + error);
}

TestTopic::~TestTopic() {
  try {
    static_cast<void>(admin_.delete_topic(name_));
  } catch (const std::exception&) {  // a broker that is gone: the topic's name is used once only
  }
}

}  // namespace bora::services
