#include "connectors/kafka/conf.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/kafka/property_names.hpp"

namespace bora::kafka {
namespace {

Status set(rd_kafka_conf_t* conf, std::string_view name, const std::string& value) {
  std::array<char, 512> why{};
  const std::string property{name};
  const rd_kafka_conf_res_t done =
      rd_kafka_conf_set(conf, property.c_str(), value.c_str(), why.data(), why.size());
  if (done == RD_KAFKA_CONF_OK) return {};
  const std::string shown = is_secret(name) ? std::string{"***"} : value;
  std::string reason = is_secret(name) ? std::string{"it does not take this value"} : why.data();
  std::string text = "could not set kafka." + property + " to '" + shown + "': " + reason;
  if (done == RD_KAFKA_CONF_UNKNOWN)
    if (const std::string hint = hint_for(name); !hint.empty()) text += "; " + hint;
  return {ErrorKind::kInvalid, std::move(text)};
}

/// What every client of ours sets; KafkaOptions::properties may say otherwise.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kDefaults = {{
    {"client.id", "bora"},
    {"socket.keepalive.enable", "true"},
    {"allow.auto.create.topics", "false"},  // a misspelt topic is an error, not a new topic
    {"statistics.interval.ms", "5000"},
    {"reconnect.backoff.max.ms", "2000"},  // 10 s are long when a broker is back after one
    {"log.connection.close", "false"},     // idle connections are closed by the broker all day
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kAddress = {{
    {"bootstrap.servers", "the address stands in the topics URL, kafka://host:port,host:port"},
    {"metadata.broker.list", "the address stands in the topics URL, kafka://host:port,host:port"},
}};

Status owned(std::string_view name, std::string_view why) {
  return {ErrorKind::kInvalid, "could not set kafka." + std::string{name} +
                                   ": it is not yours to set, because " + std::string{why}};
}

Status check_owned(std::string_view name, std::span<const Preset> presets) {
  for (const auto& [address, why] : kAddress)
    if (name == address) return owned(name, why);
  for (const Preset& preset : presets)
    if (preset.name == name && !preset.why_owned.empty()) return owned(name, preset.why_owned);
  return {};
}

bool is_for(Role role, Scope scope) noexcept {
  // Set all the same when unknown: librdkafka then says that it is.
  if (scope == Scope::kConsumer) return role == Role::kConsumer;
  if (scope == Scope::kProducer) return role == Role::kProducer;
  return true;
}

}  // namespace

Status check_properties(const Properties& properties) {
  const Conf conf{rd_kafka_conf_new()};
  for (const auto& [name, value] : properties) {
    if (Status allowed = check_owned(name, {}); !allowed) return allowed;
    if (Status taken = set(conf.get(), name, value); !taken) return taken;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> masked(const Properties& properties) {
  std::vector<std::pair<std::string, std::string>> shown;
  shown.reserve(properties.size());
  for (const auto& [name, value] : properties)
    shown.emplace_back(name, is_secret(name) ? std::string{"***"} : value);
  return shown;
}

Result<Conf> make_conf(const KafkaOptions& options, Role role, std::span<const Preset> presets) {
  if (options.brokers.empty())
    return Error{ErrorKind::kInvalid,
                 "could not use Kafka: no broker is named; write topics: kafka://host:port"};
  Conf conf{rd_kafka_conf_new()};
  Status done = set(conf.get(), "bootstrap.servers", options.brokers);
  for (const auto& [name, value] : kDefaults)
    if (done) done = set(conf.get(), name, std::string{value});
  for (const Preset& preset : presets)
    if (done && preset.value) done = set(conf.get(), preset.name, *preset.value);
  for (const auto& [name, value] : options.properties) {
    if (done) done = check_owned(name, presets);
    if (done && is_for(role, scope_of(name))) done = set(conf.get(), name, value);
  }
  if (!done) return done;
  return Result<Conf>{std::move(conf)};
}

}  // namespace bora::kafka
