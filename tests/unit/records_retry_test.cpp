#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

#include <catch2/catch.hpp>

#include "bora/retry.hpp"
#include "bora/retry_buffer.hpp"

using bora::Instant;
using bora::RetryBuffer;
using bora::RetryPolicy;
using namespace std::chrono_literals;

TEST_CASE("retry: without jitter a pause doubles up to its cap") {
  const RetryPolicy policy{.first_backoff = 100ms, .max_backoff = 1s, .jitter = 0};
  CHECK(policy.delay_after(1, 7) == 100ms);
  CHECK(policy.delay_after(2, 7) == 200ms);
  CHECK(policy.delay_after(4, 7) == 800ms);
  CHECK(policy.delay_after(5, 7) == 1s);
  CHECK(policy.delay_after(1000, 7) == 1s);
}

TEST_CASE("retry: jitter keeps within its share, below the cap, and depends on the seed alone") {
  const RetryPolicy policy{.first_backoff = 100ms, .max_backoff = 30s, .jitter = 0.2};
  bool differs = false;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto pause = policy.delay_after(1, seed);
    REQUIRE(pause >= 80ms);
    REQUIRE(pause <= 120ms);
    REQUIRE(pause == policy.delay_after(1, seed));
    differs = differs || pause != policy.delay_after(1, seed + 1);
    REQUIRE(policy.delay_after(60, seed) <= 30s);
    REQUIRE(policy.delay_after(60, seed) >= 24s);
  }
  CHECK(differs);
}

TEST_CASE("retry: extreme numbers give a pause that is never negative and can be added to a time") {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  const RetryPolicy forever{.first_backoff = std::chrono::milliseconds::max(),
                            .max_backoff = std::chrono::milliseconds::max(),
                            .multiplier = std::numeric_limits<double>::infinity(),
                            .jitter = 5};
  const RetryPolicy backwards{.first_backoff = -1s, .max_backoff = -1s, .multiplier = -3};
  const RetryPolicy no_number{.multiplier = std::nan(""), .jitter = std::nan("")};
  const RetryPolicy at_once{.first_backoff = 0ms,
                            .multiplier = std::numeric_limits<double>::infinity()};
  for (const std::uint32_t failures : {0U, 1U, 2U, 31U, 64U, 1024U, kMax}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      REQUIRE(forever.delay_after(failures, seed) >= 0ns);
      REQUIRE(Instant{std::chrono::hours{24 * 365 * 50}} + forever.delay_after(failures, seed) >=
              Instant{std::chrono::hours{24 * 365 * 50}});
      REQUIRE(backwards.delay_after(failures, seed) == 0ns);
      REQUIRE(no_number.delay_after(failures, seed) == 100ms);
      REQUIRE(at_once.delay_after(failures, seed) == 0ns);
    }
  }
}

TEST_CASE("retry: the pauses of an outage have a cap of their own, never above the other") {
  RetryPolicy policy{.max_backoff = 30s, .max_outage_backoff = 5s, .jitter = 0};
  CHECK(policy.outage_delay_after(50, 1) == 5s);
  policy.max_backoff = 1s;
  CHECK(policy.outage_delay_after(50, 1) == 1s);
}

TEST_CASE("retry: a message is processed at least once, whatever the attempts say") {
  CHECK_FALSE(RetryPolicy{.attempts = 5}.is_spent(4));
  CHECK(RetryPolicy{.attempts = 5}.is_spent(5));
  CHECK_FALSE(RetryPolicy{.attempts = 0}.is_spent(0));
  CHECK(RetryPolicy{.attempts = 0}.is_spent(1));
}

TEST_CASE("retry buffer: what is due first leaves first, in order of arrival when due together") {
  RetryBuffer<int> buffer{8};
  const Instant t0{1h};
  REQUIRE(buffer.try_push(t0 + 3s, 30));
  REQUIRE(buffer.try_push(t0 + 1s, 10));
  REQUIRE(buffer.try_push(t0 + 2s, 20));
  REQUIRE(buffer.try_push(t0 + 1s, 11));
  REQUIRE(buffer.try_push(t0 + 1s, 12));
  CHECK(buffer.next_due() == t0 + 1s);
  CHECK_FALSE(buffer.pop_due(t0).has_value());
  CHECK(buffer.pop_due(t0 + 2s) == 10);
  CHECK(buffer.pop_due(t0 + 2s) == 11);
  CHECK(buffer.pop_due(t0 + 2s) == 12);
  CHECK(buffer.pop_due(t0 + 2s) == 20);
  CHECK_FALSE(buffer.pop_due(t0 + 2s).has_value());
  CHECK(buffer.next_due() == t0 + 3s);
}

TEST_CASE("retry buffer: takes nothing when full, and erasing keeps the order of the rest") {
  RetryBuffer<int> buffer{4};
  const Instant t0{1h};
  for (int i = 0; i < 4; ++i)
    REQUIRE(buffer.try_push(t0 + (4 - i) * 1s, i));
  CHECK(buffer.is_full());
  CHECK_FALSE(buffer.try_push(t0, 99));
  CHECK(buffer.erase_if([](int i) { return i % 2 == 0; }) == 2);
  CHECK(buffer.size() == 2);
  CHECK(buffer.pop_due(t0 + 1h) == 3);
  CHECK(buffer.pop_due(t0 + 1h) == 1);
  CHECK(buffer.empty());
  CHECK_FALSE(buffer.next_due().has_value());
}
