#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "topologies/authentication/bcrypt_pool.hpp"
#include "topologies/coldchain/bcrypt.hpp"

using namespace bora::authentication;
using bora::coldchain::is_password;
using namespace std::chrono_literals;

namespace {

/// bcrypt of the lowest cost: a millisecond.
std::string hash_of(const std::string& secret) {
  auto hash = bora::coldchain::hash_password(secret, 4);
  REQUIRE(hash);
  return *std::move(hash);
}

SecretCheck check_of(const std::string& secret, const std::string& hash,
                     std::function<void(bool)> done) {
  return {SecretText{secret}, hash, std::move(done)};
}

}  // namespace

TEST_CASE("a secret matches the hash that was made of it, and no other") {
  const auto hash = hash_of("64089519511846157");
  CHECK(is_password("64089519511846157", hash));
  CHECK_FALSE(is_password("64089519511846158", hash));
  CHECK_FALSE(is_password(std::string("64089519511846157\0x", 19), hash));
  CHECK_FALSE(is_password("", hash));
  // A hash that others made.
  CHECK(is_password("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST_CASE("what is no bcrypt hash matches nothing") {
  CHECK_FALSE(is_password("secret", "secret"));
  CHECK_FALSE(is_password("secret", "$2b$"));
  CHECK_FALSE(is_password("secret", "$2b$04$tooshort"));
  CHECK_FALSE(is_password("", ""));
  CHECK_FALSE(is_password("*0", "*0"));
}

TEST_CASE("a secret leaves nothing behind where it was moved from") {
  SecretText from{"secret"};
  SecretText to = std::move(from);
  CHECK(to.reveal() == "secret");
  CHECK(from.reveal().empty());  // NOLINT: what this test is about
  CHECK(to.copy().reveal() == "secret");
}

TEST_CASE("threads check secrets, trusted ones before suspects") {
  const auto hash = hash_of("right");
  BcryptPool pool{{.threads = 1, .max_suspects = 2}};
  std::promise<void> gate;
  std::promise<void> begun;
  std::promise<void> ended;
  // Runs on the only thread, so what is submitted meanwhile waits.
  REQUIRE(pool.submit(CheckLane::kTrusted, check_of("right", hash, [&](bool) {
                        begun.set_value();
                        gate.get_future().wait();
                      })));
  begun.get_future().wait();
  std::vector<std::string> order;
  REQUIRE(pool.submit(CheckLane::kSuspect, check_of("wrong", hash, [&](bool is_right) {
                        order.push_back(is_right ? "right" : "wrong");
                      })));
  REQUIRE(pool.submit(CheckLane::kSuspect, check_of("wrong", hash, [&](bool) {
                        order.push_back("last");
                        ended.set_value();
                      })));
  CHECK_FALSE(pool.submit(CheckLane::kSuspect, check_of("wrong", hash, [](bool) {})));
  REQUIRE(pool.submit(CheckLane::kTrusted, check_of("right", hash, [&](bool is_right) {
                        order.push_back(is_right ? "right" : "wrong");
                      })));
  CHECK(pool.waiting() == 3);
  gate.set_value();
  ended.get_future().wait();
  CHECK(order == std::vector<std::string>{"right", "wrong", "last"});
  CHECK(pool.checked() == 4);
}

TEST_CASE("a pool that ends drops what waits") {
  const auto hash = hash_of("right");
  std::atomic<int> answered{0};
  {
    BcryptPool pool{{.threads = 2}};
    for (int i = 0; i < 200; ++i)
      REQUIRE(pool.submit(CheckLane::kTrusted, check_of("right", hash, [&](bool) { ++answered; })));
  }
  CHECK(answered.load() < 200);
}
