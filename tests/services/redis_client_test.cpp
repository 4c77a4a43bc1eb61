// The client against real servers: what a connection has to be told again, and what goes wrong.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/redis/client.hpp"
#include "services/redis_server.hpp"

namespace bora::redis {

using testing::RedisServer;

namespace {

/// A client with its address, that asks one thing at a time.
struct Caller {
  explicit Caller(const std::string& url) : client(parse_url(url).value(), stats) {}
  Status ask(std::initializer_list<std::string_view> words) {
    Pipeline batch;
    batch.add(words);
    return client.run(batch, replies);
  }
  std::string answer(std::initializer_list<std::string_view> words) {
    if (Status asked = ask(words); !asked) return std::string(asked.message());
    const Value value = replies.at(0).value();
    if (value.is_nil()) return "nil";
    return std::string(value.text().value_or(std::to_string(value.integer().value_or(-1))));
  }
  RedisStats stats;
  Client client;
  std::vector<Reply> replies;
};

}  // namespace

TEST_CASE("a pipeline is answered in the order of its commands") {
  RedisServer server;
  Caller caller{server.url()};
  Pipeline batch;
  for (int i = 0; i < 5'000; ++i) {
    batch.begin(2);
    batch.word("ECHO");
    batch.word(i);
  }
  REQUIRE(caller.client.run(batch, caller.replies).message() == "");
  REQUIRE(caller.replies.size() == 5'000);
  CHECK(caller.replies[4'321].value().integer() == 4'321);
}

TEST_CASE("after a restart the client gives its password, database and name again") {
  RedisServer server{{"--requirepass", "s3cret/"}};
  Caller caller{server.url(":s3cret%2F@") + "/5"};
  CHECK(caller.answer({"SET", "key", "old"}) == "OK");
  server.stop();
  server.start();
  CHECK(caller.answer({"GET", "key"}) == "nil");
  const std::string info = caller.answer({"CLIENT", "INFO"});
  CHECK(info.find("db=5") != std::string::npos);
  CHECK(info.find("name=bora") != std::string::npos);
  CHECK(caller.stats.connects == 2);
}

TEST_CASE("a wrong password is no outage, and is not shown") {
  RedisServer server{{"--requirepass", "right"}};
  Caller caller{server.url(":wr0ng@")};
  const Status refused = caller.ask({"GET", "key"});
  REQUIRE_FALSE(refused);
  CHECK_FALSE(refused.is_retryable());
  CHECK(refused.message().find("WRONGPASS") != std::string::npos);
  CHECK(refused.message().find("wr0ng") == std::string::npos);
}

TEST_CASE("a server that does not run is an outage") {
  Caller caller{"redis://127.0.0.1:" + std::to_string(testing::free_port())};
  const Status failed = caller.ask({"PING"});
  REQUIRE_FALSE(failed);
  CHECK(failed.is_retryable());
}

TEST_CASE("a server that does not answer in time is an outage, and is asked anew later") {
  RedisServer server;
  Caller caller{server.url() + "?timeout=100&connect_timeout=100"};
  REQUIRE(caller.answer({"SET", "key", "value"}) == "OK");
  server.pause();
  const Status failed = caller.ask({"GET", "key"});
  REQUIRE_FALSE(failed);
  CHECK(failed.is_retryable());
  server.resume();
  CHECK(caller.answer({"GET", "key"}) == "value");
}

TEST_CASE("a script that the server forgot is told it again") {
  static const Script kScript{"return ARGV[1] .. KEYS[1]"};
  RedisServer server;
  Caller caller{server.url()};
  caller.client.use(kScript);
  Pipeline batch;
  batch.begin_script(kScript, 1, 2);
  batch.word("key");
  batch.word("value-of-");
  REQUIRE(caller.client.run(batch, caller.replies).message() == "");
  CHECK(caller.replies.at(0).value().text() == "value-of-key");
  REQUIRE(caller.answer({"SCRIPT", "FLUSH"}) == "OK");
  REQUIRE(caller.client.run(batch, caller.replies).message() == "");
  CHECK(caller.replies.at(0).value().text() == "value-of-key");
}

TEST_CASE("one refused command of a batch fails it, and the connection stays usable") {
  RedisServer server;
  Caller caller{server.url()};
  Pipeline batch;
  batch.add({"SET", "key", "text"});
  batch.add({"INCR", "key"});
  batch.add({"SET", "other", "1"});
  const Status refused = caller.client.run(batch, caller.replies);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(caller.answer({"GET", "other"}) == "1");
  CHECK(caller.stats.connects == 1);
}

TEST_CASE("a Sentinel is asked who the master is, and the next one when it is away") {
  RedisServer master;
  const testing::TemporaryDirectory directory;
  const std::uint16_t port = testing::free_port();
  const std::string config = (directory.path() / "sentinel.conf").string();
  testing::write_text(
      config, "sentinel monitor coldchain 127.0.0.1 " + std::to_string(master.port()) + " 1\n");
  const testing::Program sentinel{{"redis-server", config, "--sentinel", "--port",
                                   std::to_string(port), "--bind", "127.0.0.1"}};
  testing::wait_until_listening(port);
  const std::string sentinels =
      "redis+sentinel://127.0.0.1:" + std::to_string(testing::free_port()) +
      ",127.0.0.1:" + std::to_string(port);
  Caller caller{sentinels + "/coldchain/2"};
  CHECK(caller.answer({"SET", "key", "value"}) == "OK");
  CHECK(caller.client.server() == "127.0.0.1:" + std::to_string(master.port()));
  Caller stranger{sentinels + "/unknown"};
  const Status failed = stranger.ask({"PING"});
  REQUIRE_FALSE(failed);
  CHECK(failed.is_retryable());
  CHECK(failed.message().find("unknown") != std::string::npos);
}

TEST_CASE("over TLS a server is believed when its authority is named, and not without") {
  const testing::TemporaryDirectory directory;
  const std::string certificate = (directory.path() / "cert.pem").string();
  const std::string key = (directory.path() / "key.pem").string();
  testing::run_program({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        key, "-out", certificate});
  const std::uint16_t port = testing::free_port();
  const testing::RedisServer server{{"--tls-port", std::to_string(port), "--tls-cert-file",
                                     certificate, "--tls-key-file", key, "--tls-ca-cert-file",
                                     certificate, "--tls-auth-clients", "no"}};
  const std::string url = "rediss://127.0.0.1:" + std::to_string(port);
  Caller trusting{url + "?ca=" + certificate};
  CHECK(trusting.answer({"SET", "key", std::string(300'000, 'x')}) == "OK");
  CHECK(trusting.answer({"STRLEN", "key"}) == "300000");
  CHECK(trusting.answer({"GET", "key"}).size() == 300'000);
  Caller distrusting{url};
  const Status refused = distrusting.ask({"PING"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(refused.message().find("not trusted") != std::string::npos);
}

}  // namespace bora::redis
