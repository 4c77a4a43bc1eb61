// Each server that scripts/services starts answers in its own protocol.

#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <hiredis/hiredis.h>

#include "connectors/http/client.hpp"
#include "connectors/http/url.hpp"
#include "services/kafka_client.hpp"
#include "support/services.hpp"

namespace bora::services {

TEST_CASE("Kafka tells a client who the brokers are, plain and with TLS") {
  KafkaClient plain(RD_KAFKA_PRODUCER, plain_settings());
  CHECK(plain.ask_metadata() == "");
  KafkaClient encrypted(RD_KAFKA_PRODUCER, tls_settings("topology"));
  CHECK(encrypted.ask_metadata() == "");
}

TEST_CASE("Redis answers a ping") {
  const std::string address = testing::redis_address();
  const auto colon = address.rfind(':');
  REQUIRE(colon != std::string::npos);
  const std::unique_ptr<redisContext, decltype(&redisFree)> redis(
      redisConnectWithTimeout(address.substr(0, colon).c_str(),
                              std::stoi(address.substr(colon + 1)), timeval{5, 0}),
      redisFree);
  REQUIRE(redis != nullptr);
  INFO(redis->errstr);
  REQUIRE(redis->err == 0);
  const std::unique_ptr<void, decltype(&freeReplyObject)> reply(redisCommand(redis.get(), "PING"),
                                                                freeReplyObject);
  REQUIRE(reply != nullptr);
  CHECK(std::string(static_cast<redisReply*>(reply.get())->str) == "PONG");
}

TEST_CASE("KairosDB tells its version") {
  const auto url = http::parse_http_url(testing::kairosdb_url());
  REQUIRE(url.is_ok());
  http::Client client({.host = url->host, .port = url->port});
  const auto answer = client.get("/api/v1/version");
  INFO(std::string(answer.status().message()));
  REQUIRE(answer.is_ok());
  CHECK(answer->status == 200);
  CHECK(answer->body.find("KairosDB 1.3.0") != std::string::npos);
}

}  // namespace bora::services
