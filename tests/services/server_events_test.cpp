// What tests do to servers while they use them, with the one that is back soonest.

#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <hiredis/hiredis.h>

#include "support/services.hpp"

namespace bora::services {

namespace {

using testing::make_happen;
using testing::ServerEvent;

constexpr timeval kPatience{0, 500'000};

/// What Redis answers to a ping, or why there is no answer.
std::string ping() {
  const std::string address = testing::redis_address();
  const auto colon = address.rfind(':');
  const std::unique_ptr<redisContext, decltype(&redisFree)> redis(
      redisConnectWithTimeout(address.substr(0, colon).c_str(),
                              std::stoi(address.substr(colon + 1)), kPatience),
      redisFree);
  if (redis == nullptr || redis->err != 0) return "no connection";
  redisSetTimeout(redis.get(), kPatience);
  const std::unique_ptr<void, decltype(&freeReplyObject)> reply(redisCommand(redis.get(), "PING"),
                                                                freeReplyObject);
  if (reply == nullptr) return "no answer";
  return static_cast<redisReply*>(reply.get())->str;
}

/// Leaves the server to the next test as it was.
struct RedisComesBack {
  RedisComesBack() = default;
  ~RedisComesBack() {
    try {
      make_happen(ServerEvent::kStart, "redis");
    } catch (const std::exception& error) {
      WARN(error.what());
    }
  }
  RedisComesBack(const RedisComesBack&) = delete;
  RedisComesBack& operator=(const RedisComesBack&) = delete;
};

}  // namespace

TEST_CASE("a server that a test kills or stops is gone until the test starts it again") {
  const RedisComesBack back;
  REQUIRE(ping() == "PONG");
  for (const ServerEvent event : {ServerEvent::kKill, ServerEvent::kStop}) {
    make_happen(event, "redis");
    CHECK(ping() == "no connection");
    make_happen(ServerEvent::kStart, "redis");
    CHECK(ping() == "PONG");
  }
}

TEST_CASE("a server that a test pauses takes connections and answers nothing until it goes on") {
  const RedisComesBack back;
  make_happen(ServerEvent::kPause, "redis");
  CHECK(ping() == "no answer");
  make_happen(ServerEvent::kResume, "redis");
  CHECK(ping() == "PONG");
}

TEST_CASE("a server that does not run cannot be killed, and a name that is none is refused") {
  const RedisComesBack back;
  make_happen(ServerEvent::kKill, "redis");
  CHECK_THROWS_WITH(make_happen(ServerEvent::kKill, "redis"),
                    Catch::Contains("scripts/services kill redis failed"));
  CHECK_THROWS(make_happen(ServerEvent::kStart, "no-such-server"));
}

}  // namespace bora::services
