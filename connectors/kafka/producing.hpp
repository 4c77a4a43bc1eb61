#pragma once
// Private: includes librdkafka.

#include <cstdint>

#include <librdkafka/rdkafka.h>

#include "bora/record.hpp"

namespace bora::kafka {

enum class Payload : std::uint8_t {
  kLent,    ///< Key and value stay where they are until the delivery report was served.
  kCopied,  ///< librdkafka has its own copy.
};

/// Hands a record to a producer, the partition by its key. `opaque` comes back with the report.
[[nodiscard]] rd_kafka_resp_err_t produce(rd_kafka_t* producer, rd_kafka_topic_t* topic,
                                          const Record& record, Payload payload, void* opaque);

}  // namespace bora::kafka
