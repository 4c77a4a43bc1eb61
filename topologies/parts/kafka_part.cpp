#include "topologies/parts/kafka_part.hpp"

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "bora/check.hpp"
#include "connectors/kafka/kafka_table_source.hpp"
#include "topologies/parts/kafka_topic_tools.hpp"
#include "topologies/parts/tapped.hpp"

namespace bora::parts {

namespace {

/// Puts a prefix before the name of every topic that is written to.
class PrefixedSink final : public RecordSink {
 public:
  PrefixedSink(std::string prefix, std::unique_ptr<RecordSink> sink)
      : prefix_(std::move(prefix)), sink_(std::move(sink)) {}

  Status append(std::string_view topic, Record record, Tag tag) override {
    name_.assign(prefix_).append(topic);
    return sink_->append(name_, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override { return sink_->poll(out); }
  Status flush(std::chrono::milliseconds timeout) override { return sink_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { sink_->on_delivery(std::move(wake)); }

 private:
  const std::string prefix_;
  const std::unique_ptr<RecordSink> sink_;
  std::string name_;  // kept for its memory
};

}  // namespace

namespace {

// While it waits, how soon it hears that the process shall end.
constexpr std::chrono::seconds kOneAttempt{3};
constexpr std::chrono::seconds kOnlyAttempt{10};
constexpr std::chrono::seconds kTellEvery{30};
constexpr std::chrono::seconds kLookAttempt{2};  // somebody waits before a screen
constexpr std::chrono::milliseconds kPause{200};

/// Each task is a member of its own.
std::string instance_of(const KafkaPart::Options& options, std::uint32_t task) {
  return options.instance.empty() ? std::string{} : options.instance + "-" + std::to_string(task);
}

/// A new one is as safe as a fixed one: who is fenced off is decided by the group. A fixed one ends at
/// once what its process left open when it was killed.
std::string transaction_id_of(const KafkaPart::Options& options) {
  if (!options.transaction_id.empty()) return options.transaction_id;
  std::random_device random;
  return options.program + "-" + std::to_string(random()) + "-" + std::to_string(random());
}

}  // namespace

KafkaPart::KafkaPart(Options options, const Clock& clock)
    : log_(std::make_shared<BrokerLog>()),
      options_(std::move(options)),
      clock_(clock),
      sink_stats_(std::make_shared<kafka::KafkaSinkStats>()) {
  if (!options_.kafka.on_log)
    options_.kafka.on_log = [log = log_](int level, std::string_view line) {
      log->write_syslog(level, line);
    };
  if (options_.delivery == Delivery::kAtLeastOnce) return;
  auto made = kafka::Transaction::make(
      {.kafka = options_.kafka, .id = transaction_id_of(options_), .stats = sink_stats_});
  BORA_CHECK(made.is_ok(), made.status().message());
  transaction_ = *std::move(made);
}
KafkaPart::~KafkaPart() = default;

Status KafkaPart::start() {
  const auto tools = KafkaTopicTools::make(options_.kafka, options_.prefix,
                                           log_->is_attached() ? kOneAttempt : kOnlyAttempt);
  if (!tools) return tools.status();
  for (std::optional<Instant> told;;) {
    Status verified = verify(**tools, options_.required, options_.program);
    if (verified || !verified.is_retryable() || !log_->is_attached() || log_->is_stopping())
      return verified;
    if (!told || clock_.now() - *told >= kTellEvery) {
      told = clock_.now();
      log_->write(host::LogLevel::kWarn,
                  "waits for the brokers, trying again: " + std::string{verified.message()});
    }
    std::this_thread::sleep_for(kPause);  // some answers that a broker gives come at once
  }
}

void KafkaPart::stop(std::chrono::milliseconds) {}

std::vector<host::Sample> KafkaPart::samples() const {
  std::vector<host::Sample> samples = sources_.samples();
  const auto add = [&](std::string name, std::string help, host::Sample::Kind kind, auto value) {
    samples.push_back({.name = std::move(name),
                       .help = std::move(help),
                       .kind = kind,
                       .value = static_cast<double>(value)});
  };
  const kafka::KafkaSinkStats& sinks = *sink_stats_;
  using Kind = host::Sample::Kind;
  add("kafka_sink_delivered_records_total", "Records that the brokers acknowledged.",
      Kind::kCounter, sinks.delivered.load());
  add("kafka_sink_failed_records_total", "Deliveries that failed and are brought again.",
      Kind::kCounter, sinks.failed.load());
  add("kafka_sink_refused_records_total", "Records not taken, mostly as the queue was full.",
      Kind::kCounter, sinks.refused.load());
  add("kafka_sink_resent_records_total", "Records sent again by a producer that was made anew.",
      Kind::kCounter, sinks.resent.load());
  add("kafka_sink_recreated_producers_total", "Producers made anew after a fatal error.",
      Kind::kCounter, sinks.recreated.load());
  add("kafka_sink_queued_records", "Records without an outcome.", Kind::kGauge,
      sinks.queued_records.load());
  add("kafka_sink_queued_bytes", "Bytes of their keys and values.", Kind::kGauge,
      sinks.queued_bytes.load());
  return samples;
}

std::unique_ptr<RecordSource> KafkaPart::source_of(const std::string& topic,
                                                   const std::string& group, std::string instance,
                                                   kafka::Transaction* transaction) {
  auto source =
      std::make_unique<WatchedSource>(kafka::KafkaSourceOptions{.kafka = options_.kafka,
                                                                .topic = options_.prefix + topic,
                                                                .group = options_.prefix + group,
                                                                .instance_id = std::move(instance)},
                                      options_.prefix.size(), clock_, sources_);
  if (transaction != nullptr) transaction->follow(source->source());
  return tapped(taps_, std::move(source));
}

std::unique_ptr<RecordSink> KafkaPart::sink_of(kafka::Transaction* transaction) {
  std::unique_ptr<RecordSink> sink;
  if (transaction != nullptr) {
    sink = transaction->sink();
  } else {
    sink = std::make_unique<kafka::KafkaSink>(
        kafka::KafkaSinkOptions{.kafka = options_.kafka, .stats = sink_stats_});
  }
  if (!options_.prefix.empty())
    sink = std::make_unique<PrefixedSink>(options_.prefix, std::move(sink));
  return tapped(taps_, std::move(sink));
}

RecordConnections KafkaPart::connections(std::string topic, std::string group) {
  return {.source =
              [this, topic = std::move(topic), group = std::move(group)](std::uint32_t task) {
                return source_of(topic, group, instance_of(options_, task), transaction_.get());
              },
          .dead_letters = sinks(),
          .transaction = transaction_};
}

// No static member: the broker would keep its place long after it is done.
RecordConnections KafkaPart::connections_beside(std::string topic, std::string group) {
  return {.source = [this, topic = std::move(topic), group = std::move(group)](
                        std::uint32_t) { return source_of(topic, group, {}, nullptr); },
          .dead_letters = [this](std::uint32_t) { return sink_of(nullptr); }};
}

std::function<std::unique_ptr<RecordSource>()> KafkaPart::table(std::string topic) {
  return [this, topic = std::move(topic)] {
    return std::make_unique<kafka::KafkaTableSource>(
        kafka::KafkaTableSourceOptions{.kafka = options_.kafka, .topic = options_.prefix + topic},
        clock_);
  };
}

std::function<std::unique_ptr<RecordSource>()> KafkaPart::newest(std::string topic,
                                                                 std::int64_t records) {
  return [this, topic = std::move(topic), records] {
    return std::make_unique<kafka::KafkaTableSource>(
        kafka::KafkaTableSourceOptions{.kafka = options_.kafka,
                                       .topic = options_.prefix + topic,
                                       .newest = records,
                                       .position_timeout = kLookAttempt,
                                       .close_timeout = kLookAttempt},
        clock_);
  };
}

Result<std::unique_ptr<TopicTools>> KafkaPart::tools() {
  auto tools = KafkaTopicTools::make(options_.kafka, options_.prefix, kLookAttempt);
  if (!tools) return tools.status();
  return std::unique_ptr<TopicTools>{*std::move(tools)};
}

std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> KafkaPart::sinks() {
  return [this](std::uint32_t) { return sink_of(transaction_.get()); };
}

}  // namespace bora::parts
