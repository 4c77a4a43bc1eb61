#pragma once
// Private: includes librdkafka. For .cpp files and private headers of this folder, and its tests.

#include <memory>

#include <librdkafka/rdkafka.h>

namespace bora::kafka {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* held) const noexcept {
    Free(held);
  }
};

// One owner each; empty means none.
using Conf = std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>>;
using TopicConf = std::unique_ptr<rd_kafka_topic_conf_t, Freed<rd_kafka_topic_conf_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>>;
using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;
using Headers = std::unique_ptr<rd_kafka_headers_t, Freed<rd_kafka_headers_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, Freed<rd_kafka_error_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Freed<rd_kafka_metadata_destroy>>;
using GroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                                      Freed<rd_kafka_consumer_group_metadata_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Freed<rd_kafka_AdminOptions_destroy>>;

[[nodiscard]] inline Partitions make_partitions(int expected = 1) {
  return Partitions{rd_kafka_topic_partition_list_new(expected)};
}

}  // namespace bora::kafka
