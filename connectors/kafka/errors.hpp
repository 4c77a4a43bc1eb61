#pragma once
// Private: includes librdkafka.

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include "bora/status.hpp"
#include "connectors/kafka/holders.hpp"

namespace bora::kafka {

/// What a librdkafka code means to the caller. kUnavailable: the same call may succeed later.
[[nodiscard]] ErrorKind kind_of(rd_kafka_resp_err_t code) noexcept;

/// Says a librdkafka code in the project's terms: "could not <tried>: <what to do> (<librdkafka's
/// words>; <detail>)". `tried` is a verb phrase that names the object: "commit offsets of topic reports
/// in group raw". `detail` is what else is known, for instance Client::last_trouble().
/// Success for RD_KAFKA_RESP_ERR_NO_ERROR.
[[nodiscard]] Status translate(rd_kafka_resp_err_t code, std::string_view tried,
                               std::string_view detail = {});

/// The same for an error object; its own retriable flag counts too. Null is success.
[[nodiscard]] Status translate(const KafkaError& error, std::string_view tried,
                               std::string_view detail = {});

/// What a log line of librdkafka says of TLS or authentication, in words that say what to do; empty when
/// it speaks of neither. librdkafka reports both to the program only as "all brokers are down".
[[nodiscard]] std::string explain_security(std::string_view log_line);

}  // namespace bora::kafka
