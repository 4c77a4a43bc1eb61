#include "connectors/kafka/kafka_stats.hpp"

#include <algorithm>
#include <simdjson.h>

namespace bora::kafka {
namespace {

using simdjson::dom::element;

template <class T>
T field(const element& from, std::string_view name, T otherwise) {
  T value{};
  return from[name].get(value) == simdjson::SUCCESS ? value : otherwise;
}
std::int64_t number(const element& from, std::string_view name) {
  return field<std::int64_t>(from, name, 0);
}
std::uint64_t count(const element& from, std::string_view name) {
  const std::int64_t value = number(from, name);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}
std::string text(const element& from, std::string_view name) {
  return std::string{field<std::string_view>(from, name, {})};
}

/// Calls `visit` with each value of the object `name`.
template <class Visit>
void for_each_in(const element& from, std::string_view name, Visit visit) {
  simdjson::dom::object members;
  if (from[name].get(members) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : members)
    visit(key, value);
}

BrokerStats broker_of(const element& from) {
  BrokerStats broker;
  broker.name = text(from, "name");
  broker.state = text(from, "state") == "UP" ? BrokerStats::State::kUp : BrokerStats::State::kDown;
  element round_trip;
  if (from["rtt"].get(round_trip) == simdjson::SUCCESS) {
    broker.round_trip_p50 = std::chrono::microseconds{number(round_trip, "p50")};
    broker.round_trip_p99 = std::chrono::microseconds{number(round_trip, "p99")};
  }
  broker.requests_waiting = count(from, "outbuf_cnt");
  broker.send_errors = count(from, "txerrs");
  broker.receive_errors = count(from, "rxerrs");
  broker.connects = count(from, "connects");
  return broker;
}

PartitionStats partition_of(std::string_view topic, const element& from) {
  PartitionStats partition;
  partition.topic = topic;
  partition.partition = static_cast<std::uint32_t>(number(from, "partition"));
  partition.prefetched_records = count(from, "fetchq_cnt");
  // Negative: librdkafka does not know it yet.
  const std::int64_t lag = field<std::int64_t>(from, "consumer_lag", -1);
  if (lag >= 0) partition.lag = static_cast<std::uint64_t>(lag);
  partition.committed =
      std::max<std::int64_t>(-1, field<std::int64_t>(from, "committed_offset", -1));
  partition.end = std::max<std::int64_t>(-1, field<std::int64_t>(from, "ls_offset", -1));
  return partition;
}

void read_topics(const element& root, KafkaStats& stats) {
  for_each_in(root, "topics", [&](std::string_view topic, const element& in_topic) {
    for_each_in(in_topic, "partitions", [&](std::string_view, const element& from) {
      // Partition -1 is librdkafka's own; one that is not fetched belongs to another member.
      if (number(from, "partition") < 0 || text(from, "fetch_state") != "active") return;
      stats.partitions.push_back(partition_of(topic, from));
    });
  });
}

}  // namespace

Result<KafkaStats> parse_stats(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(simdjson::padded_string{json}).get(root) != simdjson::SUCCESS)
    return Error{ErrorKind::kCorrupt, "could not read librdkafka's statistics: they are no JSON"};
  KafkaStats stats;
  stats.uptime = std::chrono::microseconds{number(root, "age")};
  stats.queued_records = count(root, "msg_cnt");
  stats.queued_bytes = count(root, "msg_size");
  stats.sent_records = count(root, "txmsgs");
  stats.received_records = count(root, "rxmsgs");
  stats.sent_bytes = count(root, "tx_bytes");
  stats.received_bytes = count(root, "rx_bytes");
  for_each_in(root, "brokers", [&](std::string_view, const element& from) {
    // Bootstrap and logical entries are not brokers of the cluster.
    if (number(from, "nodeid") >= 0 && text(from, "source") != "logical")
      stats.brokers.push_back(broker_of(from));
  });
  read_topics(root, stats);
  element group;
  if (root["cgrp"].get(group) == simdjson::SUCCESS) {
    stats.rebalances = count(group, "rebalance_cnt");
    stats.since_rebalance = std::chrono::milliseconds{number(group, "rebalance_age")};
    stats.group_state = text(group, "state");
    stats.join_state = text(group, "join_state");
  }
  return stats;
}

}  // namespace bora::kafka
