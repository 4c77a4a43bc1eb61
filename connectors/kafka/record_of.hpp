#pragma once
// Private: includes librdkafka.

#include <librdkafka/rdkafka.h>

#include "bora/record.hpp"

namespace bora::kafka {

/// Copies what a message holds into `record`, which is fresh.
void read_record(const rd_kafka_message_t& message, Record& record);

}  // namespace bora::kafka
