#include "connectors/kafka/producing.hpp"

#include "bora/clock.hpp"
#include "connectors/kafka/holders.hpp"

namespace bora::kafka {
namespace {

Headers headers_of(const Record& record) {
  Headers headers{rd_kafka_headers_new(record.headers.size())};
  for (const RecordHeader& header : record.headers)
    rd_kafka_header_add(headers.get(), header.key.data(), static_cast<ssize_t>(header.key.size()),
                        header.value.data(), static_cast<ssize_t>(header.value.size()));
  return headers;
}

}  // namespace

rd_kafka_resp_err_t produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, const Record& record,
                            Payload payload, void* opaque) {
  const void* const key = record.key ? record.key->data() : nullptr;
  const std::size_t key_bytes = record.key ? record.key->size() : 0;
  const void* const value = record.is_tombstone ? nullptr : record.value.data();
  const std::size_t value_bytes = record.is_tombstone ? 0 : record.value.size();
  const std::int32_t partition = RD_KAFKA_PARTITION_UA;
  const int flags = payload == Payload::kCopied ? RD_KAFKA_MSG_F_COPY : 0;
  const std::int64_t timestamp = to_millis(record.timestamp);  // 0 is now, for librdkafka too
  if (record.headers.empty() && timestamp == 0) {
    // The same with less to interpret. It takes no pointer to const, but only reads.
    void* const bytes = const_cast<void*>(value);  // NOLINT(*-const-cast)
    const int refused =
        rd_kafka_produce(topic, partition, flags, bytes, value_bytes, key, key_bytes, opaque);
    return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
  }
  Headers headers = headers_of(record);
  // What the RD_KAFKA_V_ macros expand to, which only compile as GNU's extension.
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      producer, RD_KAFKA_VTYPE_RKT, topic, RD_KAFKA_VTYPE_PARTITION, partition,
      RD_KAFKA_VTYPE_MSGFLAGS, flags, RD_KAFKA_VTYPE_VALUE, value, value_bytes, RD_KAFKA_VTYPE_KEY,
      key, key_bytes, RD_KAFKA_VTYPE_TIMESTAMP, timestamp, RD_KAFKA_VTYPE_HEADERS, headers.get(),
      RD_KAFKA_VTYPE_OPAQUE, opaque, RD_KAFKA_VTYPE_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    static_cast<void>(headers.release());  // librdkafka took them
  return code;
}

}  // namespace bora::kafka
