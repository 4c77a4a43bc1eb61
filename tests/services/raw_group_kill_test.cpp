// Processes of `raw` in one consumer group, killed under load: what is archived, what is committed.
// By hand, longer: scripts/kafka-kill-test.

#include <chrono>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "e2e/program.hpp"
#include "services/raw_group.hpp"
#include "support/services.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kProcesses = 3;  // and one more that joins and leaves
constexpr std::chrono::milliseconds kLook{200};

/// A client that is not ours, writing reports.
std::unique_ptr<e2e::Program> produce(const RawGroup& group, std::uint64_t records,
                                      std::uint64_t per_second) {
  return std::make_unique<e2e::Program>(
      "/usr/bin/python3",
      std::vector<std::string>{BORA_FOREIGN_CLIENT, "produce", testing::kafka_brokers(),
                               group.topic(), std::to_string(records), std::to_string(per_second)},
      group.directory() / "producer.log");
}

}  // namespace

TEST_CASE(
    "processes of a group that are killed lose nothing, and never commit what is not archived") {
  const std::uint64_t records = from_environment("BORA_RECORDS", 20'000);
  const std::uint64_t seconds = from_environment("BORA_SECONDS", 20);
  const std::uint64_t seed = from_environment("BORA_SEED", 1);
  std::mt19937_64 dice{seed};
  const auto roll = [&](std::uint64_t most) { return dice() % (most + 1); };

  RawGroup group{
      {.brokers = testing::kafka_brokers(),
       .processes = kProcesses + 1,
       .settings = {"kafka.session.timeout.ms=6000", "kafka.heartbeat.interval.ms=1000"}}};
  for (std::size_t i = 0; i < kProcesses; ++i)
    group.start(i);
  for (std::size_t i = 0; i < kProcesses; ++i)
    REQUIRE(group.program(i).wait_for("\"message\":\"ready\"", 30s));
  const auto producer = produce(group, records, records / seconds);

  Pauses pauses;
  std::uint64_t kills = 0;
  std::uint64_t too_early = 0;  // committed, and not archived
  const SteadyTime begin = std::chrono::steady_clock::now();
  const auto after = [&](std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
  };
  SteadyTime next_kill = after(3s);
  SteadyTime next_restart = SteadyTime::max();
  SteadyTime next_join = after(4s);
  std::size_t victim = 0;
  bool is_through = false;
  while (!is_through) {
    std::this_thread::sleep_for(kLook);
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto committed = group.committed();
    const auto ends = group.ends();
    pauses.look(committed, ends);
    const bool is_over = now - begin > std::chrono::seconds{seconds};
    if (now >= next_kill && next_restart == SteadyTime::max() && !is_over) {
      victim = roll(kProcesses - 1);
      group.kill(victim);
      ++kills;
      // What was committed before the look at the archives must be in them.
      const auto told = group.committed();
      too_early += missing_below(told, group.archived());
      next_restart = after(std::chrono::milliseconds{200 + roll(1500)});
    }
    if (now >= next_restart) {
      group.start(victim);
      next_restart = SteadyTime::max();
      next_kill = after(std::chrono::milliseconds{1500 + roll(3500)});
    }
    if (now >= next_join) {
      if (!group.is_running(kProcesses))
        group.start(kProcesses);
      else
        CHECK(group.stop(kProcesses) == 0);
      next_join = is_over ? SteadyTime::max() : after(5s);
    }
    is_through = is_over && producer->wait(0ms).has_value() && next_restart == SteadyTime::max() &&
                 !committed.empty() && committed == ends;
    REQUIRE(now - begin < std::chrono::seconds{seconds + 120});
  }
  const auto through = std::chrono::steady_clock::now() - begin;
  for (std::size_t i = 0; i <= kProcesses; ++i)
    if (group.is_running(i)) CHECK(group.stop(i) == 0);

  INFO(producer->output());
  const RawGroup::Archived archived = group.archived();
  std::uint64_t produced = 0;
  for (const std::int64_t end : group.ends())
    produced += static_cast<std::uint64_t>(end);
  std::cout << "seed " << seed << ": " << records << " records, " << kills << " kills, "
            << std::chrono::duration<double>(through).count() << " s; archived "
            << archived.as_a_set << ", in two archives " << archived.entries - archived.as_a_set
            << ", committed too early " << too_early << '\n';
  pauses.print(std::cout);
  CHECK(produced >= records);  // a foreign producer may repeat itself
  CHECK(archived.as_a_set == produced);
  CHECK(missing_below(group.ends(), archived) == 0);
  CHECK(too_early == 0);
  CHECK(kills >= 2);
}
