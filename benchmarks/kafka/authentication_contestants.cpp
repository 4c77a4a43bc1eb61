#include <map>
#include <memory>
#include <string>
#include <utility>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/republish.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "bora/check.hpp"
#include "bora/stable_hash.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "support/authentication_world.hpp"
#include "topologies/authentication/topology.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::bench {

namespace {

using authentication::testing::FakeVerifier;
using Topics = std::shared_ptr<BenchTopics>;

/// A registry that vouches for all who report in a topic.
class Registries {
 public:
  const coldchain::RegistryView& of(BenchTopics& topics, std::uint64_t reports) {
    std::unique_ptr<coldchain::RegistryView>& view = views_[reports];
    if (view == nullptr) view = made_of(topics, reports);
    return *view;
  }

 private:
  static std::unique_ptr<coldchain::RegistryView> made_of(BenchTopics& topics,
                                                          std::uint64_t reports) {
    auto view = std::make_unique<coldchain::RegistryView>();
    BareConsumer consumer{topics.brokers(), topics.reports(reports), kPartitions};
    for (std::uint64_t read = 0; read < reports;) {
      for (const rd_kafka_message_t* message : consumer.next()) {
        ++read;
        const auto report = coldchain::parse_report(value_of(*message));
        BORA_CHECK(static_cast<bool>(report), "a report of our own cannot be read");
        if (view->device(report->device_id) == nullptr)
          view->apply(coldchain::DeviceEntry{
              .id = report->device_id,
              .auth_hash = FakeVerifier::hash_of(std::to_string(report->device_secret.reveal())),
              .state = coldchain::State::kActive,
              .config = {}});
        if (view->gateway(report->gateway_id) == nullptr)
          view->apply(coldchain::GatewayEntry{
              .id = report->gateway_id,
              .auth_hash = FakeVerifier::hash_of(report->gateway_secret.reveal()),
              .config = {}});
      }
    }
    view->set_ready();
    return view;
  }

  std::map<std::uint64_t, std::unique_ptr<coldchain::RegistryView>> views_;
};

/// Answers at once, on the thread that asks: what a device costs whose secret is remembered is
/// measured, and the first report of each is no more than that.
class DirectVerifier final : public authentication::SecretVerifier {
 public:
  bool submit(authentication::CheckLane, authentication::SecretCheck check) override {
    check.done(check.hash == FakeVerifier::hash_of(check.secret.reveal()));
    return true;
  }
};

/// Writes what is for `readings` to another topic, and lets nothing else be written.
class ReadingsSink final : public RecordSink {
 public:
  ReadingsSink(std::unique_ptr<RecordSink> inner, std::string topic)
      : inner_(std::move(inner)), topic_(std::move(topic)) {}
  Status append(std::string_view topic, Record record, Tag tag) override {
    BORA_CHECK(topic == "readings", "a good report was rejected");
    return inner_->append(topic_, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override { return inner_->poll(out); }
  Status flush(std::chrono::milliseconds timeout) override { return inner_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { inner_->on_delivery(std::move(wake)); }

 private:
  std::unique_ptr<RecordSink> inner_;
  std::string topic_;
};

/// The readings in a topic, but for when each was accepted; reads until there are so many.
Checksum readings_in(BenchTopics& topics, const std::string& topic, std::uint64_t readings) {
  BareConsumer consumer{topics.brokers(), topic, kPartitions};
  Checksum checksum;
  std::string text;
  while (checksum.count() < readings) {
    for (const rd_kafka_message_t* message : consumer.next()) {
      const auto parsed = coldchain::parse_reading(value_of(*message));
      BORA_CHECK(static_cast<bool>(parsed), "what was written is no reading");
      coldchain::Reading reading = *parsed;
      reading.received = {};  // when it was accepted
      text.clear();
      write_reading(reading, text);
      checksum.add_hash(stable_hash(text) ^ static_cast<std::uint64_t>(message->partition));
    }
  }
  return checksum;
}

Outcome run_hand(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  const auto out = topics.make("readings");
  const SystemClock clock;
  republish_by_hand(topics, out->name(), load, watch, [&](const coldchain::Report& report) {
    return to_reading(report, clock.wall_now());
  });
  return {.checksum = readings_in(topics, out->name(), load.tuples)};
}

Outcome run_topology(BenchTopics& topics, Registries& registries, const Load& load,
                     Stopwatch& watch) {
  const auto out = topics.make("readings");
  const coldchain::RegistryView& view = registries.of(topics, load.tuples);
  const SystemClock clock;
  DirectVerifier verifier;
  Meter meter{load.tuples, watch};
  const auto sink = [&](std::uint32_t) {
    return std::make_unique<MeteredSink>(
        std::make_unique<ReadingsSink>(std::make_unique<kafka::KafkaSink>(kafka::KafkaSinkOptions{
                                           .kafka = {.brokers = topics.brokers()}}),
                                       out->name()),
        meter);
  };
  const bool acked = run_until_done(
      authentication::make_topology(
          {}, {.connections = connections_to(topics, topics.reports(load.tuples), clock, meter),
               .sinks = sink,
               .checks = authentication::testing::check_world(view, verifier)}),
      meter);
  return {.checksum = readings_in(topics, out->name(), load.tuples), .acks_complete = acked};
}

}  // namespace

void add_authentication(Suites& suites, const Topics& topics) {
  Suite& suite = suites.add(
      {"kafka-authentication", "reports of devices whose secrets are remembered, into `readings`"});
  const auto registries = std::make_shared<Registries>();
  suite.contestants.push_back(
      {"hand", [=](const Load& load, Stopwatch& watch) { return run_hand(*topics, load, watch); }});
  suite.contestants.push_back({"topology",
                               [=](const Load& load, Stopwatch& watch) {
                                 return run_topology(*topics, *registries, load, watch);
                               },
                               {"hand"}});
}

}  // namespace bora::bench
