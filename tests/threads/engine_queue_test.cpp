#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

#include "engine/queue/parker.hpp"
#include "engine/queue/spsc_ring.hpp"
#include "engine/runtime/mailbox.hpp"

using namespace std::chrono_literals;
using bora::internal::Mailbox;
using bora::internal::Parker;
using bora::internal::SpscRing;

namespace {

/// Sleeps until `has_work`, as executors do. Counts the sleeps that only the safety net ended.
template <class HasWork>
void await(Parker& parker, HasWork has_work, std::uint64_t& overslept) {
  while (!has_work()) {
    parker.prepare(Parker::Depth::kSleep);
    if (has_work()) return parker.cancel();
    const auto before = std::chrono::steady_clock::now();
    parker.park(10s);
    if (std::chrono::steady_clock::now() - before >= 5s) ++overslept;
  }
}

}  // namespace

TEST_CASE("two threads at a ring lose nothing, double nothing and keep the order") {
  constexpr std::uint64_t kValues = 300'000;
  SpscRing<std::uint64_t> ring{8};
  std::uint64_t sum = 0;
  std::uint64_t disorder = 0;
  std::thread consumer([&] {
    for (std::uint64_t expected = 1; expected <= kValues;) {
      std::uint64_t value = 0;
      if (!ring.try_pop(value)) {
        std::this_thread::yield();
        continue;
      }
      disorder += value == expected ? 0 : 1;
      sum += value;
      ++expected;
    }
  });
  for (std::uint64_t value = 1; value <= kValues;) {
    if (ring.try_push(value)) {
      ++value;
    } else {
      std::this_thread::yield();
    }
  }
  consumer.join();
  CHECK(sum == kValues * (kValues + 1) / 2);
  CHECK(disorder == 0);
  CHECK(ring.is_empty());
}

TEST_CASE("what is written before a push is read after the pop") {
  constexpr std::uint64_t kTurns = 50'000;
  std::uint64_t boxes[4] = {};  // plain memory, handed to and fro
  SpscRing<std::uint64_t*> forward{4};
  SpscRing<std::uint64_t*> back{4};
  std::uint64_t sum = 0;
  for (auto& box : boxes)
    CHECK(back.try_push(&box));
  std::thread consumer([&] {
    for (std::uint64_t taken = 0; taken < kTurns;) {
      std::uint64_t* box = nullptr;
      if (!forward.try_pop(box)) {
        std::this_thread::yield();
        continue;
      }
      sum += *box;
      *box = 0;
      while (!back.try_push(box))
        std::this_thread::yield();
      ++taken;
    }
  });
  std::uint64_t dirty = 0;
  for (std::uint64_t sent = 1; sent <= kTurns;) {
    std::uint64_t* box = nullptr;
    if (!back.try_pop(box)) {
      std::this_thread::yield();
      continue;
    }
    dirty += *box;
    *box = sent++;
    while (!forward.try_push(box))
      std::this_thread::yield();
  }
  consumer.join();
  CHECK(sum == kTurns * (kTurns + 1) / 2);
  CHECK(dirty == 0);
}

TEST_CASE("two threads that wake each other in turn never oversleep") {
  constexpr std::uint64_t kTurns = 100'000;
  Parker ping;
  Parker pong;
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> returned{0};
  std::uint64_t overslept_here = 0;
  std::uint64_t overslept_there = 0;
  std::thread other([&] {
    for (std::uint64_t turn = 1; turn <= kTurns; ++turn) {
      await(
          pong, [&] { return served.load(std::memory_order_seq_cst) >= turn; }, overslept_there);
      returned.store(turn, std::memory_order_seq_cst);
      ping.wake();
    }
  });
  for (std::uint64_t turn = 1; turn <= kTurns; ++turn) {
    served.store(turn, std::memory_order_seq_cst);
    pong.wake();
    await(
        ping, [&] { return returned.load(std::memory_order_seq_cst) >= turn; }, overslept_here);
  }
  other.join();
  CHECK(overslept_here == 0);
  CHECK(overslept_there == 0);
}

TEST_CASE("a consumer that sleeps at an empty ring, and a producer at a full one, always wake") {
  constexpr std::uint64_t kValues = 100'000;
  SpscRing<std::uint64_t> ring{2};
  Parker producer;
  Parker consumer;
  std::uint64_t sum = 0;
  std::uint64_t overslept_consuming = 0;
  std::uint64_t overslept_producing = 0;
  std::thread thread([&] {
    for (std::uint64_t taken = 0; taken < kValues; ++taken) {
      std::uint64_t value = 0;
      while (!ring.try_pop(value))
        await(
            consumer, [&] { return !ring.is_empty(); }, overslept_consuming);
      producer.wake();
      sum += value;
    }
  });
  for (std::uint64_t value = 1; value <= kValues; ++value) {
    while (!ring.try_push(value))
      await(
          producer, [&] { return ring.size() < ring.capacity(); }, overslept_producing);
    consumer.wake();
  }
  thread.join();
  CHECK(sum == kValues * (kValues + 1) / 2);
  CHECK(overslept_consuming == 0);
  CHECK(overslept_producing == 0);
}

TEST_CASE("letters of several threads all arrive, and those after the end are refused") {
  constexpr std::uint64_t kLetters = 20'000;
  Mailbox box;
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<bool> stop{false};
  std::uint64_t read = 0;
  const auto post = [&] {
    for (std::uint64_t i = 0; i < kLetters; ++i)
      if (box.post([&read] { ++read; })) ++accepted;
  };
  std::uint64_t overslept = 0;
  std::thread reader([&] {
    while (!stop || box.has_mail()) {
      for (auto& letter : box.take())
        letter();
      if (!stop) {
        await(
            box.parker, [&] { return box.has_mail() || stop; }, overslept);
      }
    }
  });
  std::thread one(post);
  std::thread two(post);
  one.join();
  two.join();
  stop = true;
  box.parker.wake();
  reader.join();
  box.close();
  CHECK_FALSE(box.post([&read] { ++read; }));
  CHECK(read == 2 * kLetters);
  CHECK(accepted == 2 * kLetters);
  CHECK(overslept == 0);
}
