#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/queue/parker.hpp"
#include "engine/queue/spsc_ring.hpp"
#include "engine/runtime/mailbox.hpp"

using namespace std::chrono_literals;
using bora::internal::Mailbox;
using bora::internal::Parker;
using bora::internal::SpscRing;

TEST_CASE("a ring gives back what was pushed, in order, across its end") {
  SpscRing<int> ring{4};
  int next = 0;
  int expected = 0;
  for (int turn = 0; turn < 10; ++turn) {
    while (ring.try_push(next))
      ++next;
    CHECK(ring.size() == ring.capacity());
    int value = -1;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(ring.try_pop(value));
      REQUIRE(value == expected++);
    }
  }
  CHECK(next == expected + static_cast<int>(ring.size()));
}

TEST_CASE("a ring holds at least what was asked for, and says when it is full or empty") {
  for (const std::size_t wanted : {1U, 2U, 3U, 5U, 64U, 65U}) {
    SpscRing<std::size_t> ring{wanted};
    CHECK(ring.capacity() >= wanted);
    CHECK(ring.is_empty());
    std::size_t value = 7;
    CHECK_FALSE(ring.try_pop(value));
    CHECK(value == 7);
    for (std::size_t i = 0; i < ring.capacity(); ++i)
      REQUIRE(ring.try_push(i));
    CHECK_FALSE(ring.try_push(99));
  }
}

TEST_CASE("peeking visits what waits, oldest first, and takes nothing") {
  SpscRing<int> ring{4};
  int value = 0;
  for (int i = 0; i < 6; ++i) {
    REQUIRE(ring.try_push(i));
    if (i < 3) REQUIRE(ring.try_pop(value));
  }
  std::vector<int> seen;
  ring.peek([&](int v) { seen.push_back(v); });
  CHECK(seen == std::vector<int>{3, 4, 5});
  CHECK(ring.size() == 3);
}

TEST_CASE("a mailbox gives its letters once, in order") {
  Mailbox box;
  std::string read;
  CHECK_FALSE(box.has_mail());
  CHECK(box.post([&] { read += 'a'; }));
  CHECK(box.post([&] { read += 'b'; }));
  CHECK(box.has_mail());
  for (auto& letter : box.take())
    letter();
  CHECK(read == "ab");
  CHECK_FALSE(box.has_mail());
  CHECK(box.take().empty());
}

TEST_CASE("a letter to a mailbox that was closed is refused, and those in it are let go of") {
  Mailbox box;
  auto held = std::make_shared<int>(1);
  CHECK(box.post([held] {}));
  CHECK(held.use_count() == 2);
  box.close();
  CHECK(held.use_count() == 1);
  CHECK_FALSE(box.has_mail());
  CHECK_FALSE(box.post([held] {}));
  CHECK(held.use_count() == 1);
}

TEST_CASE("a letter that is dropped by close() may post itself without hanging") {
  struct PostsWhenDropped {
    Mailbox* box;
    explicit PostsWhenDropped(Mailbox* b) : box(b) {}
    PostsWhenDropped(const PostsWhenDropped&) = delete;
    PostsWhenDropped& operator=(const PostsWhenDropped&) = delete;
    ~PostsWhenDropped() {
      (void)box->post([] {});
    }
  };
  Mailbox box;
  auto dropped = std::make_shared<PostsWhenDropped>(&box);
  CHECK(box.post([dropped] {}));
  dropped.reset();
  box.close();
  CHECK_FALSE(box.has_mail());
}

TEST_CASE("a wake between prepare and park is not slept through, nor is a time that has passed") {
  Parker parker;
  parker.prepare(Parker::Depth::kSleep);
  CHECK(parker.depth() == Parker::Depth::kSleep);
  parker.wake();
  parker.park(std::nullopt);  // would never return
  CHECK(parker.depth() == Parker::Depth::kAwake);
  parker.prepare(Parker::Depth::kSleep);
  parker.park(-5ns);
  CHECK(parker.depth() == Parker::Depth::kAwake);
  parker.prepare(Parker::Depth::kSleep);
  parker.park(1ns);
  CHECK(parker.depth() == Parker::Depth::kAwake);
}

TEST_CASE("a letter wakes whoever is about to sleep at the mailbox") {
  Mailbox box;
  box.parker.prepare(Parker::Depth::kSleep);
  CHECK(box.post([] {}));
  CHECK(box.parker.depth() == Parker::Depth::kAwake);
}
