// What our programs say when the brokers are away or let them do nothing: which certificate, which
// right, which broker, and what to do.

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "e2e/program.hpp"
#include "services/kafka_client.hpp"
#include "support/services.hpp"
#include "support/source_probe.hpp"
#include "support/temporary_directory.hpp"

namespace bora::services {

namespace {

using namespace std::chrono_literals;
using Catch::Contains;

/// What a client of ours gets by settings `kafka.*`; `certificate` as for tls_settings().
kafka::KafkaOptions options_with(const std::string& certificate) {
  kafka::KafkaOptions options;
  for (const auto& [name, value] : tls_settings(certificate)) {
    if (name == "bootstrap.servers")
      options.brokers = value;
    else
      options.properties[name] = value;
  }
  options.properties["statistics.interval.ms"] = "300";
  return options;
}

/// How the delivery of one record ends.
Status write(const std::string& certificate, const std::string& topic) {
  kafka::KafkaSink sink{{.kafka = options_with(certificate), .delivery_timeout = 3s}};
  Record record;
  record.value = "v";
  if (Status taken = sink.append(topic, record, 1); !taken) return taken;
  sink.flush(10s).ignore("the outcome says it");
  std::vector<RecordSink::Delivery> deliveries;
  sink.poll(deliveries);
  return deliveries.empty() ? Status{ErrorKind::kInternal, "no outcome"} : deliveries[0].status;
}

/// The first error of a member of a group.
Status read(const std::string& certificate, const std::string& topic) {
  const SystemClock clock;
  testing::SourceProbe probe{std::make_unique<kafka::KafkaSource>(
      kafka::KafkaSourceOptions{.kafka = options_with(certificate), .topic = topic, .group = topic},
      clock)};
  if (Status opened = probe.open(); !opened) return opened;
  testing::eventually([&] {
    probe.poll();
    return !probe.last_error().is_ok();
  });
  Status error = probe.last_error();
  probe.close();
  return error;
}

/// The program `raw` with a certificate, on a topic.
class Raw {
 public:
  Raw(const kafka::KafkaOptions& kafka, const std::string& topic) {
    std::vector<std::string> arguments{"run"};
    const auto set = [&](const std::string& setting) {
      arguments.insert(arguments.end(), {"--set", setting});
    };
    set("topics=kafka://" + kafka.brokers);
    for (const auto& [name, value] : kafka.properties)
      set("kafka." + name + "=" + value);
    set("raw.topic=" + topic);
    set("raw.messages=reports");
    set("archive=rocksdb:" + (directory_.path() / "archive").string());
    set("control.port=0");
    program_ =
        std::make_unique<e2e::Program>(BORA_RAW, std::move(arguments), directory_.path() / "log");
  }
  [[nodiscard]] e2e::Program& operator*() const { return *program_; }
  [[nodiscard]] e2e::Program* operator->() const { return program_.get(); }
  /// Its exit code after SIGTERM; -1 when it does not end.
  [[nodiscard]] int stop() {
    program_->signal(SIGTERM);
    return program_->wait(30s).value_or(-1);
  }

 private:
  testing::TemporaryDirectory directory_;
  std::unique_ptr<e2e::Program> program_;
};

}  // namespace

TEST_CASE("a sink says which certificate is missing or wrong, and what to set") {
  const Status none = write("", "reports");
  CHECK(none.error().kind == ErrorKind::kUnavailable);
  CHECK_THAT(none.error().message, Contains("kafka.ssl.certificate.location"));
  const Status impostor = write("impostor", "reports");
  CHECK(impostor.error().kind == ErrorKind::kUnavailable);
  CHECK_THAT(impostor.error().message, Contains("does not trust our certificate"));
}

TEST_CASE(
    "the gateways' certificate: a sink writes reports, and is told of the right that it lacks") {
  KafkaClient admin(RD_KAFKA_PRODUCER, tls_settings("operator"));
  static_cast<void>(admin.create_topic("reports", 6));
  CHECK(write("gateway", "reports"));
  const TestTopic other("services.programs.");
  const Status refused = write("gateway", other.name());
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(refused.error().message, Contains(other.name()) && Contains("(an ACL)"));
}

TEST_CASE("a source says which certificate is missing or wrong, and which right it lacks") {
  const TestTopic topic("services.programs.");
  CHECK_THAT(read("", topic.name()).error().message, Contains("kafka.ssl.certificate.location"));
  CHECK_THAT(read("impostor", topic.name()).error().message,
             Contains("does not trust our certificate"));
  const Status gateway = read("gateway", topic.name());
  CHECK_THAT(gateway.error().message,
             Contains("the broker forbids it: give this user") && Contains(topic.name()));
}

TEST_CASE(
    "raw with the topologies' certificate starts; with the gateways' it says what is forbidden") {
  const TestTopic topic("services.programs.");
  KafkaClient admin(RD_KAFKA_PRODUCER, tls_settings("operator"));
  REQUIRE(admin.create_topic(topic.name() + ".dlq", 1) == "");
  Raw allowed{options_with("topology"), topic.name()};
  CHECK(allowed->wait_for("\"message\":\"ready\"", 30s));
  CHECK(allowed.stop() == 0);
  Raw gateway{options_with("gateway"), topic.name()};
  CHECK(gateway->wait(30s) == 1);
  CHECK_THAT(gateway->output(), Contains("the broker forbids it") && Contains(topic.name()));
}

TEST_CASE(
    "raw without the right certificate waits, says which and what to set, and ends when told") {
  Raw none{options_with(""), "reports"};
  CHECK(none->wait_for("set kafka.ssl.certificate.location", 30s));
  CHECK(none.stop() == 0);
  Raw impostor{options_with("impostor"), "reports"};
  CHECK(impostor->wait_for("does not trust our certificate", 30s));
  CHECK(impostor.stop() == 0);
}

TEST_CASE("raw waits for brokers that are away, and names them") {
  Raw raw{{.brokers = "127.0.0.1:1", .properties = {}}, "reports"};
  CHECK(raw->wait_for("waits for the brokers", 30s));
  CHECK_THAT(raw->output(), Contains("127.0.0.1:1") && Contains("no broker answers"));
  CHECK(raw->wait(0ms) == std::nullopt);
  CHECK(raw.stop() == 0);
  CHECK_THAT(raw->output(), Contains("stopped before it had started"));
}

}  // namespace bora::services
