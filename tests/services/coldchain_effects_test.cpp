// What readings become: datapoints, thresholds and alerts, each a process of its own, on real Kafka,
// Redis and KairosDB, with a web hook. By hand, longer: scripts/effects-test.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "services/effects_world.hpp"
#include "services/raw_group.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

const std::vector<std::string>& kPrograms = EffectsWorld::programs();

/// Publishes a part and kills `victim` while it works on it.
void kill_at_work(EffectsWorld& world, const std::string& victim) {
  const std::size_t told_before = world.hook().told(victim).size();
  world.publish_next();
  const bool was_at_work = wait_until([&] {
    // Nobody sees what datapoints has in its window: it has something when there is a lag.
    return victim == "datapoints" ? world.chain().lag("readings", victim) > 0
                                  : world.hook().told(victim).size() > told_before + 2;
  });
  REQUIRE(was_at_work);
  world.kill(victim);
}

/// How many of these ids hold one of the texts.
std::size_t count_of(const Tally& ids, std::initializer_list<std::string_view> texts) {
  return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [&](const auto& id) {
    return std::any_of(texts.begin(), texts.end(), [&](std::string_view text) {
      return id.first.find(text) != std::string::npos;
    });
  }));
}

void print(const std::string& what, std::vector<double> millis) {
  REQUIRE(!millis.empty());
  std::sort(millis.begin(), millis.end());
  std::cout << what << ", " << millis.size() << " times: median " << millis[millis.size() / 2]
            << " ms, p99 " << millis[millis.size() * 99 / 100] << " ms, largest " << millis.back()
            << " ms\n";
}

/// 600 readings a second, each of another device; one in twenty is too hot.
void measure_latency(const std::string& window) {
  constexpr std::size_t kEvery50Millis = 30;
  const std::uint64_t seconds = from_environment("BORA_SECONDS", 20);
  const std::size_t readings = seconds * 20 * kEvery50Millis;
  EffectsWorld world{{.first_device = fresh_ids(), .devices = readings}, window};
  const auto begin = Steady::now();
  for (std::size_t device = 0; device < readings;) {
    std::vector<Record> some;
    for (std::size_t i = 0; i < kEvery50Millis; ++i, ++device)
      some.push_back(reading_of(world.plan(), device, device % 20 == 0 ? 9.5 : 4));
    world.publish(some);
    std::this_thread::sleep_until(begin + device / kEvery50Millis * 50ms);
  }
  REQUIRE(wait_until([&] {
    return world.store().ages().size() >= 2 * readings &&
           world.hook().told("thresholds").size() >= readings / 20;
  }));
  std::vector<double> told;
  for (const auto& [id, at] : world.hook().times("thresholds"))
    told.push_back(static_cast<double>(to_millis(at) - std::stoll(id.substr(id.rfind('-') + 1))));
  print("accepted -> in KairosDB, window " + window, world.store().ages());
  print("too hot -> web hook called", std::move(told));
  world.stop();
}

void print_memory(const Chain& chain) {
  for (const std::string& program : kPrograms)
    std::cout << program << ": " << chain.memory_of(program) / 1'000'000 << " MB resident\n";
}

}  // namespace

// By hand: it measures, and the machine decides.
TEST_CASE("latency at 600 readings a second", "[.latency]") {
  measure_latency("3s");
  measure_latency("1s");
}

TEST_CASE("memory and restart with many devices", "[.restart]") {
  const std::size_t devices = from_environment("BORA_DEVICES", 100'000);
  EffectsWorld world{{.first_device = fresh_ids(), .devices = devices}};
  std::cout << devices << " devices in the registry, none was heard\n";
  print_memory(world.chain());
  for (std::size_t first = 0; first < devices; first += 10'000) {
    std::vector<Record> some;
    for (std::size_t i = first; i < std::min(first + 10'000, devices); ++i)
      some.push_back(reading_of(world.plan(), i, 4));
    world.publish(some);
  }
  world.wait_until_done();
  std::cout << "each was heard once\n";
  print_memory(world.chain());
  for (const std::string& program : kPrograms) {
    CHECK(world.chain().stop(program) == 0);
    const auto begin = Steady::now();
    const auto millis = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin).count();
    };
    world.chain().start(program);
    REQUIRE(world.chain().wait_until_ready(program));
    std::cout << program << ": ready " << millis() << " ms after its start, ";
    world.publish({reading_of(world.plan(), 0, 4)});
    REQUIRE(world.chain().wait_until_done("readings", program, kPatience));
    std::cout << "a reading done and committed after " << millis() << " ms\n";
  }
  world.stop();
}

TEST_CASE(
    "killed in turn, they write each point once and tell each alert once, but for one a kill") {
  const std::uint64_t rounds = from_environment("BORA_ROUNDS", 1);
  const std::size_t parts = rounds * kPrograms.size();
  EffectsWorld world{{.first_device = fresh_ids(),
                      .devices = from_environment("BORA_DEVICES", 96),
                      .parts = parts,
                      .silent_parts = parts}};
  for (std::size_t part = 0; part < parts; ++part) {
    kill_at_work(world, kPrograms[part % kPrograms.size()]);
    world.wait_until_done();
  }
  world.stop();
  world.check_all();
  for (const std::string program : {"thresholds", "alerts"}) {
    const Tally told = world.hook().told(program);
    INFO(program);
    CHECK(repetitions(told) <= rounds);
    std::cout << program << ": " << told.size() << " alerts, of which " << repetitions(told)
              << " were told again by " << rounds << " kills\n";
  }
}

// The embedded log has one owner at a time: this is all that separate processes can do with it.
TEST_CASE(
    "one process after the other on the embedded defaults, each killed at work, do the same") {
  Chain chain{{.topics = Chain::Topics::kEmbedded, .commit_every = "1s", .window = "1s"}};
  EffectsPlan plan{{.first_device = 1, .devices = 96, .parts = 2}, wall_now()};
  const std::string state = chain.directory() / "state.alerts";
  age(*coldchain::EmbeddedState::open({.path = state}).value()->connect());
  REQUIRE(chain.publish("registry", plan.registry()));
  for (int part = 1; part <= 2; ++part) {
    REQUIRE(chain.publish("readings", plan.next_part(wall_now())));
    for (const std::string& program : kPrograms) {
      chain.start(program);
      const bool is_working = chain.wait_until_working(program);
      INFO("part " << part << ", " << program << ": " << chain.log_of(program));
      REQUIRE(is_working);
      chain.kill(program);
      chain.start(program);
      REQUIRE(chain.wait_until_ready(program));
      const bool is_done =
          chain.wait_until_done("readings", program, kPatience) &&
          wait_until([&] {  // silences are told later than readings are done
            return program != "alerts" ||
                   count_of(chain.notified(), {"-silent-", "-back-"}) >= plan.of_alerts().size();
          });
      INFO("then: " << chain.log_of(program));
      REQUIRE(is_done);
      CHECK(chain.stop(program) == 0);
    }
  }
  Subjects expected = plan.of_thresholds();
  expected.insert(plan.of_alerts().begin(), plan.of_alerts().end());
  const Tally told = chain.notified();
  CHECK(wrong_subjects(plan, expected, told) == "");
  CHECK(repetitions(told) <= 2 * 2);  // one a kill of thresholds and of alerts
  CHECK(wrong_subjects(plan, expected, published_alerts(chain)) == "");
  CHECK(chain.read("alerts.dlq").empty());
  CHECK(chain.read("readings.dlq").empty());
  CHECK(chain.embedded_points() == plan.points());
}
