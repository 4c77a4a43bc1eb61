// Exactly once on a real broker: what a reader of committed records sees while processes are killed,
// stand still beyond their session, and fail. Longer by hand: BORA_SECONDS=300 BORA_SEED=...

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

#include "services/rewriting.hpp"

using namespace bora::services;
using namespace std::chrono_literals;
using Isolation = Rewriting::Isolation;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::size_t total(const Rewriting::Counts& counts) {
  std::size_t total = 0;
  for (const auto& [value, count] : counts)
    total += count;
  return total;
}

}  // namespace

TEST_CASE("each record counts once while processes of the group are killed") {
  const std::uint64_t seconds = from_environment("BORA_SECONDS", 25);
  const std::uint64_t seed = from_environment("BORA_SEED", 1);
  std::mt19937_64 dice{seed};
  Rewriting rewriting{"exact-kill"};
  std::array<std::unique_ptr<bora::e2e::Program>, 2> processes;
  for (std::size_t i = 0; i < processes.size(); ++i)
    processes[i] = rewriting.start(static_cast<int>(i));
  std::uint64_t kills = 0;
  const auto begin = std::chrono::steady_clock::now();
  // A kill counts while work goes on: a group stands still for a session after the one before.
  auto next_look = begin + 1s;
  std::int64_t done_before = 0;
  while (std::chrono::steady_clock::now() - begin < std::chrono::seconds{seconds}) {
    rewriting.produce(200);
    std::this_thread::sleep_for(20ms);
    if (std::chrono::steady_clock::now() < next_look) continue;
    next_look = std::chrono::steady_clock::now() + std::chrono::milliseconds{200 + dice() % 400};
    const std::int64_t done = rewriting.ends() - rewriting.uncommitted();
    if (done < done_before + 1'000) continue;
    done_before = done;
    const std::size_t victim = dice() % processes.size();
    processes[victim]->kill();
    ++kills;
    std::this_thread::sleep_for(std::chrono::milliseconds{dice() % 1'500});
    processes[victim] = rewriting.start(static_cast<int>(victim));
  }
  const auto seen = rewriting.wait_for(rewriting.produced(), 60s);
  for (auto& process : processes)
    process->signal(SIGTERM);
  for (auto& process : processes)
    CHECK(process->wait(30s) == 0);
  const auto written = total(rewriting.results(Isolation::kUncommitted));
  std::cout << "seed " << seed << ": " << rewriting.produced() << " records, " << kills
            << " kills, " << written - rewriting.produced() << " results that were aborted\n";
  CHECK(seen.size() == rewriting.produced());
  CHECK(repeated(rewriting.results(Isolation::kCommitted)) == 0);
  CHECK(kills >= 2);
}

TEST_CASE("a process that stands still beyond its session commits nothing when it goes on") {
  Rewriting rewriting{"exact-zombie"};
  const auto zombie = rewriting.start(0);
  REQUIRE(zombie->wait_for("running", 20s));
  rewriting.produce(1'000);
  REQUIRE(rewriting.wait_for(1'000, 30s).size() == 1'000);
  // It stops in the midst of a batch, part of which is written.
  rewriting.produce(2'000);
  rewriting.produce("slow");
  rewriting.produce(2'000);
  const auto is_written = [&] { return total(rewriting.results(Isolation::kUncommitted)) > 1'500; };
  for (int i = 0; i < 100 && !is_written(); ++i)
    std::this_thread::sleep_for(20ms);
  zombie->signal(SIGSTOP);
  const auto written = rewriting.results(Isolation::kUncommitted).size();
  const auto heir = rewriting.start(1);
  // The session is 6 s, the transaction 60 s: it is still open when the zombie goes on.
  const auto deadline = std::chrono::steady_clock::now() + 40s;
  while (rewriting.uncommitted() != 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(100ms);
  CHECK(rewriting.uncommitted() == 0);
  zombie->signal(SIGCONT);
  // What it has written is aborted, by itself or by being refused. Then it is a member like another:
  // alone, it does the rest.
  rewriting.produce(1'000);
  CHECK(rewriting.wait_for(rewriting.produced(), 40s).size() == rewriting.produced());
  heir->kill();
  rewriting.produce(1'000);
  const auto seen = rewriting.wait_for(rewriting.produced(), 40s);
  INFO(zombie->output());
  CHECK(seen.size() == rewriting.produced());
  CHECK(repeated(rewriting.results(Isolation::kCommitted)) == 0);
  CHECK(total(rewriting.results(Isolation::kUncommitted)) > rewriting.produced());
  CHECK(written > 1'000);
}

TEST_CASE("a record that fails is aborted with its batch, and ends as one dead letter") {
  Rewriting rewriting{"exact-poison"};
  rewriting.produce(2'000);
  rewriting.produce("poison");
  rewriting.produce(2'000);
  const auto process = rewriting.start(0);
  const auto seen = rewriting.wait_for(4'000, 40s);
  for (int i = 0; i < 100 && rewriting.uncommitted() != 0; ++i)
    std::this_thread::sleep_for(100ms);
  process->signal(SIGTERM);
  CHECK(process->wait(30s) == 0);
  INFO(process->output());
  CHECK(rewriting.uncommitted() == 0);
  CHECK(seen.size() == 4'000);
  CHECK(repeated(seen) == 0);
  CHECK(rewriting.letters(Isolation::kCommitted) == Rewriting::Counts{{"poison", 1}});
  // It was tried twice, so something was aborted.
  CHECK(total(rewriting.results(Isolation::kUncommitted)) > 4'000);
}

namespace {

/// Records per second from the time that a tenth is committed, so that start and joining do not count.
double rate_of(const std::string& delivery, std::uint64_t records) {
  Rewriting rewriting{"exact-rate-" + delivery, delivery};
  rewriting.produce(records);
  REQUIRE(rewriting.ends() == static_cast<std::int64_t>(records));
  const auto process = rewriting.start(0);
  using Time = std::chrono::steady_clock::time_point;
  const auto wait_until_left = [&](std::int64_t left) {
    std::int64_t now = -1;
    while (now < 0 || now > left)
      now = rewriting.uncommitted();
    return std::pair<Time, std::int64_t>{std::chrono::steady_clock::now(), now};
  };
  const auto begin = wait_until_left(static_cast<std::int64_t>(records - records / 10));
  const auto end = wait_until_left(0);
  return static_cast<double>(begin.second) /
         std::chrono::duration<double>(end.first - begin.first).count();
}

}  // namespace

TEST_CASE("the rate of exactly once beside at least once", "[.measure]") {
  const std::uint64_t records = from_environment("BORA_RECORDS", 400'000);
  const std::uint64_t rounds = from_environment("BORA_ROUNDS", 2);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const double least = rate_of("at_least_once", records);
    const double exact = rate_of("exactly_once", records);
    std::cout << "at least once " << least << "/s, exactly once " << exact << "/s, ratio "
              << exact / least << std::endl;
    CHECK(exact > 0.5 * least);
  }
}
