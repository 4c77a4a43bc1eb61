#include "services/gateway/gateway_options.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace bora::gateway {
namespace {

/// What fits a gateway better than our defaults for a topology; settings kafka.* may say otherwise.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kKafkaDefaults{{
    {"client.id", "gateway"},
    {"compression.codec", "zstd"},  // the smallest for these reports; nobody here is in a hurry
    {"linger.ms", "50"},            // so that a batch is one request for each partition
    // A broker that refuses the handshake would cost 5 kB every ten seconds by librdkafka's own.
    {"reconnect.backoff.max.ms", "60000"},
    // Keeps the connection from being closed as idle, ten minutes by the broker's default: a new one
    // costs as much as ten of these.
    {"topic.metadata.refresh.interval.ms", "540000"},
}};

}  // namespace

GatewayOptions::GatewayOptions() : topics(host::Url::parse("kafka://127.0.0.1:9092").value()) {}

void GatewayOptions::bind(host::Settings& settings) {
  settings.bind("gateway.parts", parts, "what this process does", {"all", "input", "output"});
  settings.bind("topics", topics, "the brokers, kafka://host:port,host:port", {"kafka"});
  settings.bind("gateway.topic", topic, "topic of the reports");
  settings.bind_map("kafka", kafka, "property of librdkafka");
  bind_local(settings);
}

void GatewayOptions::bind_local(host::Settings& settings) {
  using namespace std::chrono_literals;
  settings.bind("gateway.id", id, "the id that the admin API gave this gateway",
                {0, std::numeric_limits<std::int64_t>::max()});
  settings.bind("gateway.token", token, "its secret");
  settings.bind("gateway.outbox", outbox, "file of what is not delivered yet");
  settings.bind_bytes("gateway.max_bytes", max_bytes,
                      "bytes of messages that may wait in it; more are refused",
                      {4096, std::uint64_t{1} << 40});
  settings.bind("gateway.socket", socket, "local socket that takes messages; empty: none");
  settings.bind("gateway.http_address", http_address,
                "loopback address that takes messages; empty: none");
  settings.bind("gateway.http_port", http_port, "its port; 0 is any free one");
  settings.bind("gateway.linger", linger, "how long a message may wait for others to go with it",
                {0ms, 24h});
  // With the gateway's part put in, what these allow fits librdkafka's one request of 1 MB.
  settings.bind("gateway.batch_rows", batch_rows, "most messages of one batch", {1, 4000});
  settings.bind_bytes("gateway.batch_bytes", batch_bytes, "most bytes of one batch",
                      {1024, std::uint64_t{256} << 10});
  settings.bind("gateway.max_backoff", max_backoff,
                "longest pause after a batch that the broker refused", {100ms, 24h});
}

Result<GatewayIdentity> GatewayOptions::identity() const {
  if (id == 0 || token.is_empty()) {
    return Error{ErrorKind::kInvalid,
                 "gateway.id and gateway.token are not set: the admin API gives both when it makes "
                 "a gateway"};
  }
  if (!is_gateway_secret(token.reveal())) {
    return Error{ErrorKind::kInvalid,
                 "gateway.token is none: a token is at most 64 letters and digits"};
  }
  return GatewayIdentity{coldchain::GatewayId{id}, coldchain::GatewaySecret{token.reveal()}};
}

Result<kafka::KafkaSinkOptions> GatewayOptions::sink() const {
  kafka::KafkaSinkOptions sink;
  sink.kafka.brokers = std::string{topics.rest()};
  sink.kafka.properties = {kafka.begin(), kafka.end()};
  for (const auto& [name, value] : kKafkaDefaults)
    sink.kafka.properties.emplace(name, value);
  // Without end: a record that timed out might go out again behind younger ones of its device.
  sink.delivery_timeout = std::chrono::milliseconds{0};
  if (Status known = kafka::check_properties(sink.kafka.properties); !known) return known;
  if (Status taken = kafka::check_sink_options(sink); !taken) return taken;
  return sink;
}

OutputOptions GatewayOptions::output() const {
  OutputOptions output;
  output.linger = linger;
  output.max_rows = batch_rows;
  output.max_bytes = batch_bytes;
  output.max_backoff = max_backoff;
  output.first_backoff = std::min(output.first_backoff, max_backoff);
  return output;
}

}  // namespace bora::gateway
