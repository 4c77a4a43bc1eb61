#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/status.hpp"

namespace bora::kafka {

/// Properties of librdkafka by their names there ("fetch.min.bytes"), as text.
using Properties = std::map<std::string, std::string, std::less<>>;

/// How to reach a Kafka cluster: what every client of it has in common.
struct KafkaOptions {
  std::string brokers;         ///< host:port, separated by commas; any of the cluster's will do.
  Properties properties = {};  ///< Handed to librdkafka as they are; see check_properties().
  /// Gets what librdkafka says, one line at a time, from any thread; it must only hand over. Lines of
  /// the same kind may come in masses while a broker is down.
  std::function<void(int syslog_level, std::string_view line)> on_log = {};
};

/// Refuses properties that cannot be: unknown ones (with the nearest name), those of the Java client
/// (with what to use here), and values that librdkafka does not take (with its reason). What a client
/// keeps for itself is refused when that client is made.
[[nodiscard]] Status check_properties(const Properties& properties);

/// The properties as a person may see them: values of passwords, keys and secrets are "***".
[[nodiscard]] std::vector<std::pair<std::string, std::string>> masked(const Properties& properties);

}  // namespace bora::kafka
