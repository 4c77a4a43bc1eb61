#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "bora/status.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "host/secret.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "services/gateway/device_message.hpp"
#include "services/gateway/outbox.hpp"
#include "services/gateway/output.hpp"

namespace bora::gateway {

/// The settings of a real gateway. README.md says what they cost.
struct GatewayOptions {
  std::uint64_t id = 0;  ///< As the admin API gave it; so is the token.
  host::Secret token;

  std::string parts = "all";  ///< "input" and "output" may be two processes.
  std::string outbox = "./data/gateway/outbox.db";
  std::size_t max_bytes = OutboxOptions{}.max_bytes;

  std::string socket = "./data/gateway/socket";  ///< Empty: none.
  std::string http_address = "127.0.0.1";        ///< Loopback; empty: none.
  std::uint16_t http_port = 9481;                ///< 0: any free one.

  host::Url topics;  ///< kafka://host:port,host:port
  std::string topic = "reports";
  std::map<std::string, std::string> kafka;  ///< Properties of librdkafka.
  std::chrono::milliseconds linger = OutputOptions{}.linger;
  std::size_t batch_rows = OutputOptions{}.max_rows;
  std::size_t batch_bytes = OutputOptions{}.max_bytes;
  std::chrono::milliseconds max_backoff = OutputOptions{}.max_backoff;

  GatewayOptions();
  /// Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
  /// The same without where it publishes to, for a process that has the topics itself.
  void bind_local(host::Settings& settings);
  [[nodiscard]] bool has_input() const { return parts != "output"; }
  [[nodiscard]] bool has_output() const { return parts != "input"; }

  [[nodiscard]] Result<GatewayIdentity> identity() const;
  /// Fails: kInvalid for properties that librdkafka does not take.
  [[nodiscard]] Result<kafka::KafkaSinkOptions> sink() const;
  [[nodiscard]] OutputOptions output() const;
};

}  // namespace bora::gateway
