#include "services/rewriting.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "bora/check.hpp"
#include "support/services.hpp"

namespace bora::services {

using namespace std::chrono_literals;

namespace {

/// Throws, so that the processes of a test end with it.
void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

}  // namespace

Rewriting::Rewriting(const std::string& name, std::string delivery)
    : delivery_(std::move(delivery)),
      brokers_(testing::kafka_brokers()),
      from_(name + "-" + std::to_string(::getpid())),
      to_(from_ + "-rewritten"),
      sink_({.kafka = {.brokers = brokers_}}) {
  auto admin = kafka::TopicAdmin::make({.brokers = brokers_});
  must(admin.status());
  admin_ = *std::move(admin);
  must(admin_->create({.name = from_, .partitions = kPartitions}));
  must(admin_->create({.name = to_, .partitions = kPartitions}));
  must(admin_->create({.name = from_ + ".dlq", .partitions = 1}));
}

std::unique_ptr<e2e::Program> Rewriting::start(int number) {
  const std::string name = std::to_string(number);
  return std::make_unique<e2e::Program>(
      BORA_REWRITE,
      std::vector<std::string>{brokers_, from_, to_, from_, from_ + "-" + name, delivery_, "600"},
      directory_.path() / ("rewrite-" + name + ".log"));
}

void Rewriting::produce(std::uint64_t records) {
  for (std::uint64_t i = 0; i < records; ++i)
    produce(std::to_string(produced_));
}

void Rewriting::produce(const std::string& value) {
  must(sink_.append(from_, Record{value, value, {}, {}}, produced_++));
  if (produced_ % 10'000 == 0) must(sink_.flush(10s));
  std::vector<RecordSink::Delivery> told;
  sink_.poll(told);
  for (const RecordSink::Delivery& one : told)
    must(one.status);
}

Rewriting::Counts Rewriting::wait_for(std::uint64_t values, std::chrono::seconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    Counts counts = results(Isolation::kCommitted);
    if (counts.size() >= values || std::chrono::steady_clock::now() > deadline) return counts;
    std::this_thread::sleep_for(500ms);
  }
}

std::int64_t Rewriting::ends() {
  must(sink_.flush(30s));
  const auto ranges = admin_->offsets(from_);
  must(ranges.status());
  std::int64_t ends = 0;
  for (const kafka::OffsetRange& range : *ranges)
    ends += range.end;
  return ends;
}

std::int64_t Rewriting::uncommitted() {
  const auto committed = admin_->committed(from_, from_);
  const auto ranges = admin_->offsets(from_);
  if (!committed || !ranges) return -1;
  std::int64_t left = 0;
  for (std::size_t p = 0; p < ranges->size(); ++p)
    left += (*ranges)[p].end - std::max<std::int64_t>(0, (*committed)[p]);
  return left;
}

/// With a bare consumer: nothing of ours stands between the topic and the count.
Rewriting::Counts Rewriting::read(const std::string& topic, Isolation isolation) const {
  std::array<char, 256> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const auto set = [&](const char* name, const std::string& value) {
    BORA_CHECK(
        rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK,
        why.data());
  };
  set("bootstrap.servers", brokers_);
  set("group.id", "nobody");
  set("enable.auto.commit", "false");
  set("enable.partition.eof", "true");
  set("isolation.level",
      isolation == Isolation::kCommitted ? "read_committed" : "read_uncommitted");
  rd_kafka_t* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
  BORA_CHECK(reader != nullptr, why.data());
  rd_kafka_poll_set_consumer(reader);
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(kPartitions);
  const int partitions = topic == to_ ? static_cast<int>(kPartitions) : 1;
  for (int p = 0; p < partitions; ++p)
    rd_kafka_topic_partition_list_add(all, topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(reader, all);
  rd_kafka_topic_partition_list_destroy(all);
  Counts counts;
  for (int ended = 0; ended < partitions;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(reader, 10'000);
    if (message == nullptr) {
      rd_kafka_destroy(reader);
      throw std::runtime_error("the broker does not answer a reader");
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ended;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      ++counts[std::string{static_cast<const char*>(message->payload), message->len}];
    rd_kafka_message_destroy(message);
  }
  rd_kafka_destroy(reader);
  return counts;
}

std::size_t repeated(const Rewriting::Counts& counts) {
  std::size_t repeated = 0;
  for (const auto& [value, count] : counts)
    if (count > 1) ++repeated;
  return repeated;
}

}  // namespace bora::services
