// Who may do what on the broker that scripts/services starts: deploy/services/kafka/acls at work.

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

#include "services/kafka_client.hpp"
#include "support/services.hpp"

namespace bora::services {

namespace {

const char* const kDenied = "TOPIC_AUTHORIZATION_FAILED";

/// The gateways' topic, made when this broker is new.
std::string reports_topic() {
  KafkaClient operator_client(RD_KAFKA_PRODUCER, tls_settings("operator"));
  const std::string error = operator_client.create_topic("reports", 6);
  CHECK((error.empty() || error == "TOPIC_ALREADY_EXISTS"));
  return "reports";
}

KafkaClient::Settings with(KafkaClient::Settings settings, const std::string& key,
                           const std::string& value) {
  settings[key] = value;
  return settings;
}

KafkaClient producer(const std::string& certificate) {
  return {RD_KAFKA_PRODUCER, tls_settings(certificate)};
}

}  // namespace

TEST_CASE("a client without a certificate is turned away by the TLS listener") {
  KafkaClient client = producer("");
  CHECK(client.logs("SSL alert number 42"));
  CHECK_FALSE(client.ask_metadata(std::chrono::milliseconds{300}).empty());
}

TEST_CASE("a certificate that says gateway but signed itself is turned away") {
  KafkaClient client = producer("impostor");
  CHECK(client.logs("SSL alert number 46"));
  CHECK_FALSE(client.ask_metadata(std::chrono::milliseconds{300}).empty());
}

TEST_CASE("a client that trusts another authority does not speak to the broker") {
  const auto other = testing::certs_directory() / "impostor.pem";
  KafkaClient client(RD_KAFKA_PRODUCER,
                     with(tls_settings("gateway"), "ssl.ca.location", other.string()));
  CHECK(client.logs("certificate verify failed"));
  CHECK_FALSE(client.ask_metadata(std::chrono::milliseconds{300}).empty());
}

TEST_CASE("the gateways' certificate may write reports, with an idempotent producer") {
  KafkaClient gateway(RD_KAFKA_PRODUCER,
                      with(tls_settings("gateway"), "enable.idempotence", "true"));
  CHECK(gateway.write(reports_topic()) == "");
}

TEST_CASE("the gateways' certificate may not write another topic") {
  const TestTopic other("services.other.");
  KafkaClient gateway = producer("gateway");
  CHECK(gateway.write(other.name()) == kDenied);
  KafkaClient plain(RD_KAFKA_PRODUCER, plain_settings());
  CHECK(plain.write(other.name()) == "");
}

TEST_CASE("the gateways' certificate may not read reports, in a group or without") {
  const std::string reports = reports_topic();
  KafkaClient alone(RD_KAFKA_CONSUMER, tls_settings("gateway"));
  CHECK(alone.read(reports) == kDenied);
  KafkaClient member(RD_KAFKA_CONSUMER, with(tls_settings("gateway"), "group.id", "raw"));
  CHECK(member.read_in_group(reports) == "GROUP_AUTHORIZATION_FAILED");
}

TEST_CASE("the gateways' and the topologies' certificates may not make topics") {
  CHECK(producer("gateway").create_topic("services.mine", 1) == kDenied);
  CHECK(producer("topology").create_topic("services.mine", 1) == kDenied);
}

TEST_CASE("a valid certificate that has no rights may not write reports") {
  KafkaClient stranger = producer("stranger");
  CHECK(stranger.write(reports_topic()) == kDenied);
}

TEST_CASE("a certificate without rights is told of no topic") {
  const TestTopic topic("services.unseen.");
  CHECK(producer("topology").count_topics() > 0);
  CHECK(producer("stranger").count_topics() == 0);
}

TEST_CASE("the topologies' certificate writes a topic and reads it in a group") {
  const TestTopic topic("services.topology.");
  KafkaClient writer = producer("topology");
  CHECK(writer.write(topic.name()) == "");
  auto settings = with(tls_settings("topology"), "group.id", topic.name());
  KafkaClient reader(RD_KAFKA_CONSUMER, with(settings, "auto.offset.reset", "earliest"));
  CHECK(reader.read_in_group(topic.name()) == "");
}

TEST_CASE("a right that is taken away is gone on connections that are open") {
  const TestTopic topic("services.revoked.");
  const std::string principal = "User:CN=stranger";
  KafkaClient operator_client = producer("operator");
  REQUIRE(operator_client.grant_write(principal, topic.name()) == "");

  KafkaClient stranger(RD_KAFKA_PRODUCER, tls_settings("stranger"));
  // A rule holds once the broker has read it back from its log, moments after the answer.
  const auto deadline = std::chrono::steady_clock::now() + KafkaClient::kPatience;
  std::string verdict = stranger.write(topic.name());
  while (!verdict.empty() && std::chrono::steady_clock::now() < deadline)
    verdict = stranger.write(topic.name());
  CHECK(verdict.empty());

  REQUIRE(operator_client.revoke_write(principal, topic.name()) == "");
  while (verdict.empty() && std::chrono::steady_clock::now() < deadline)
    verdict = stranger.write(topic.name());
  CHECK(verdict == kDenied);
}

}  // namespace bora::services
