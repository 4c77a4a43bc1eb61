// The shared state in Redis: under the conformance suite, and what is its own.

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/redis/client.hpp"
#include "services/redis_server.hpp"
#include "support/state_conformance.hpp"
#include "topologies/coldchain/state/redis_state.hpp"
#include "topologies/parts/state_part.hpp"

namespace bora::testing {

namespace {

class RedisUnderTest final : public StateUnderTest {
 public:
  RedisUnderTest() : options_(redis::parse_url(server_.url()).value()) {}
  std::unique_ptr<coldchain::SharedState> connect() override {
    return coldchain::connect_redis_state(options_, stats_);
  }
  void restart() override {}
  void lose_everything() override {
    server_.stop();
    server_.start();
  }

 private:
  RedisServer server_;
  const redis::RedisOptions options_;
  redis::RedisStats stats_;
};

}  // namespace

std::unique_ptr<StateUnderTest> make_state_under_test() {
  return std::make_unique<RedisUnderTest>();
}

}  // namespace bora::testing

namespace bora::coldchain {

using namespace std::chrono_literals;

TEST_CASE("a batch of last seen is two commands, however many devices") {
  testing::RedisServer server;
  redis::RedisStats stats;
  const auto state = connect_redis_state(redis::parse_url(server.url()).value(), stats);
  std::vector<Sighting> heard;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    heard.push_back({DeviceId{i}, from_millis(1'000), 0});
  REQUIRE(state->last_seen().record(heard).message() == "");
  CHECK(stats.commands == 1);
  CHECK(stats.batches == 1);
}

TEST_CASE("the state says that Redis is away, and goes on when it is back") {
  testing::RedisServer server;
  redis::RedisStats stats;
  const auto state = connect_redis_state(redis::parse_url(server.url()).value(), stats);
  const std::vector<Sighting> heard{{DeviceId{1}, from_millis(1'000), 0}};
  REQUIRE(state->last_seen().record(heard));
  server.stop();
  const Status failed = state->last_seen().record(heard);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::kUnavailable);
  server.start();
  CHECK(state->last_seen().record(heard).message() == "");
  CHECK(stats.connects == 2);
}

TEST_CASE("a server that is away is noticed although nobody needs it, and that it is back") {
  testing::RedisServer server;
  parts::RedisStatePart part{redis::parse_url(server.url()).value()};
  REQUIRE(part.start());
  const auto wait_until_ready = [&](bool ready) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (part.unready().has_value() == ready && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    return part.unready().has_value() != ready;
  };
  CHECK(wait_until_ready(true));
  SECTION("it hangs") {
    server.pause();
    CHECK(wait_until_ready(false));
    server.resume();
  }
  SECTION("it is gone") {
    server.stop();
    CHECK(wait_until_ready(false));
    CHECK(part.unready().value_or("").find("127.0.0.1:" + std::to_string(server.port())) !=
          std::string::npos);
    server.start();
  }
  CHECK(wait_until_ready(true));
  part.stop({});
}

TEST_CASE("a key that another program uses is said to be one") {
  testing::RedisServer server;
  redis::RedisStats stats;
  const auto options = redis::parse_url(server.url()).value();
  redis::Client other{options, stats};
  redis::Pipeline batch;
  batch.add({"SET", "coldchain:lastseen", "mine"});
  std::vector<redis::Reply> replies;
  REQUIRE(other.run(batch, replies));
  const auto state = connect_redis_state(options, stats);
  const Status refused =
      state->last_seen().record(std::vector<Sighting>{{DeviceId{1}, from_millis(1'000), 0}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(refused.message().find("prefix") != std::string::npos);
}

}  // namespace bora::coldchain
