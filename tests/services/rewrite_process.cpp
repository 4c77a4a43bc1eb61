// A process of the smallest topology that can promise exactly once: Kafka -> rewrite -> Kafka. Tests
// kill it, stop it, and run several.
//
//   rewrite_process BROKERS FROM TO GROUP TRANSACTION_ID DELIVERY SECONDS
//
// A value that begins with "poison" fails; one that begins with "slow" takes three seconds.

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "bolts/record_sink_bolt.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "connectors/kafka/transaction.hpp"
#include "spouts/record_spout.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

struct Arguments {
  std::string brokers, from, to, group, id, delivery;
  std::chrono::seconds time;
};

class Rewrite final : public Bolt<ConsumedRecord, OutgoingRecord> {
 public:
  explicit Rewrite(std::string to) : to_(std::move(to)) {}
  void execute(const ConsumedRecord& in) override {
    if (in->value.starts_with("poison")) {
      std::this_thread::sleep_for(50ms);  // until results of its batch are at the broker
      throw std::runtime_error("poison");
    }
    if (in->value.starts_with("slow")) std::this_thread::sleep_for(3s);
    out.emit({to_, Record{in->key, in->value + " rewritten", {}, {}}});
  }

 private:
  std::string to_;
};

/// With a transaction, or without one at least once.
class Topics {
 public:
  explicit Topics(const Arguments& arguments) : arguments_(arguments) {
    kafka_.brokers = arguments.brokers;
    kafka_.properties = {{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "1000"}};
    if (arguments.delivery == "exactly_once")
      transaction_ =
          kafka::Transaction::make({.kafka = kafka_, .id = arguments.id, .timeout = 60s}).value();
  }
  RecordConnections connections() {
    return {.source =
                [this](std::uint32_t) {
                  auto source = std::make_unique<kafka::KafkaSource>(
                      kafka::KafkaSourceOptions{
                          .kafka = kafka_, .topic = arguments_.from, .group = arguments_.group},
                      clock_);
                  if (transaction_ != nullptr) transaction_->follow(*source);
                  return source;
                },
            .dead_letters = sinks(),
            .transaction = transaction_};
  }
  SinkConnection sinks() {
    return [this](std::uint32_t) -> std::unique_ptr<RecordSink> {
      if (transaction_ != nullptr) return transaction_->sink();
      return std::make_unique<kafka::KafkaSink>(kafka::KafkaSinkOptions{.kafka = kafka_});
    };
  }

 private:
  const SystemClock clock_;
  const Arguments& arguments_;
  kafka::KafkaOptions kafka_;
  std::shared_ptr<kafka::Transaction> transaction_;
};

Result<Topology> make_topology(const Arguments& arguments, Topics& topics) {
  TopologyBuilder builder{"rewrite"};
  RecordSpoutOptions options;
  options.commit_every = 200ms;
  options.retry.attempts = 2;
  auto spout = builder.spout("records",
                             [&] {
                               return RecordSpout<ConsumedRecord>{topics.connections(), options};
                             },
                             {.effects = Effects::kTransaction});
  auto rewrite =
      builder.bolt("rewrite", [&] { return Rewrite{arguments.to}; }, {.effects = Effects::kNone});
  rewrite.shuffle(spout);
  builder
      .bolt("publish",
            [&] {
              return RecordSinkBolt<OutgoingRecord>{topics.sinks(), [](const OutgoingRecord& out) {
                                                      return Result<OutgoingRecord>{out};
                                                    }};
            },
            {.effects = Effects::kTransaction})
      .shuffle(rewrite);
  if (arguments.delivery == "exactly_once") builder.exactly_once();
  return builder.build();
}

int run(const Arguments& arguments) {
  Topics topics{arguments};
  auto topology = make_topology(arguments, topics);
  if (!topology) {
    std::cerr << topology.status().message() << '\n';
    return 2;
  }
  EngineOptions engine;
  engine.on_event = [](const std::string& component, const std::string& text) {
    std::cerr << component << ": " << text << std::endl;
  };
  auto running = RunningTopology::start(std::move(topology).value(), engine);
  if (!running) {
    std::cerr << running.status().message() << '\n';
    return 1;
  }
  std::cout << "running" << std::endl;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  const timespec patience{arguments.time.count(), 0};
  while (sigtimedwait(&signals, nullptr, &patience) == -1 && errno == EINTR) {
    // It stood still and goes on: SIGCONT interrupts this call.
  }
  const StopReport report = (*running)->stop(10s);
  std::cout << (report.drained ? "drained" : "left in flight") << std::endl;
  return 0;
}

}  // namespace

int main(int count, char** values) {
  if (count != 8) {
    std::cerr << "rewrite_process BROKERS FROM TO GROUP TRANSACTION_ID DELIVERY SECONDS\n";
    return 2;
  }
  sigset_t signals;  // blocked before there are threads
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return run({values[1], values[2], values[3], values[4], values[5], values[6],
              std::chrono::seconds{std::strtol(values[7], nullptr, 10)}});
}
