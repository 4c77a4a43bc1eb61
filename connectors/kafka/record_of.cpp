#include "connectors/kafka/record_of.hpp"

namespace bora::kafka {
namespace {

void read_headers(const rd_kafka_message_t& message, Record& record) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const std::size_t count = rd_kafka_header_cnt(headers);
  record.headers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t bytes = 0;
    if (rd_kafka_header_get_all(headers, i, &name, &value, &bytes) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return;
    // A header may have no value; Record does not tell that from an empty one.
    record.headers.push_back({name, value == nullptr
                                        ? std::string{}
                                        : std::string{static_cast<const char*>(value), bytes}});
  }
}

}  // namespace

void read_record(const rd_kafka_message_t& message, Record& record) {
  if (message.key != nullptr)
    record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr)
    record.value.assign(static_cast<const char*>(message.payload), message.len);
  else
    record.is_tombstone = true;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t time = rd_kafka_message_timestamp(&message, &type);
  if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) record.timestamp = from_millis(time);
  read_headers(message, record);
}

}  // namespace bora::kafka
