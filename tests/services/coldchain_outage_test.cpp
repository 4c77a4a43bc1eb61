// What datapoints, thresholds and alerts work on goes away while readings keep coming: nothing is lost
// or told twice, memory stays within its cap, and the control plane says who is to blame until it is
// back. By hand, longer: scripts/effects-test --outage 60 --hook-outage 300.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "services/effects_world.hpp"
#include "services/raw_group.hpp"
#include "support/services.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

/// Most memory of a process, all outages long. What is in flight and what librdkafka has fetched ahead
/// are bounded by settings, whatever the backlog; the rest is code and threads.
constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20;
constexpr std::size_t kReadingsPerSlice = 100;
constexpr auto kSlice = 100ms;

/// Readings within their limits, of devices that nobody registered: work for everyone, alerts for none.
std::vector<Record> idle_readings(const EffectsPlan& plan) {
  constexpr std::uint64_t kBehindTheCast = 50'000;
  std::vector<Record> readings;
  const auto first = to_uint(plan.cast().devices[0].id) + kBehindTheCast;
  for (std::size_t i = 0; i < kReadingsPerSlice; ++i) {
    const coldchain::DeviceId device{first + i};
    coldchain::Reading reading{.device_id = device, .gateway_id = plan.cast().gateways[0].id};
    reading.temperature = 4;
    reading.time = std::chrono::floor<std::chrono::milliseconds>(wall_now());
    reading.received = reading.time;
    reading.battery = 90;
    Record record;
    record.key = record_key(device);
    coldchain::write_reading(reading, record.value);
    readings.push_back(std::move(record));
  }
  return readings;
}

std::string without_scheme(const std::string& url) { return url.substr(url.find("//") + 2); }

bool is_ready(const Chain& chain, const std::string& program) {
  const auto answer = nlohmann::json::parse(chain.asked(program, "/readyz"), nullptr, false);
  return answer.is_object() && answer.at("ready") == true;
}

class Outages {
 public:
  explicit Outages(EffectsWorld& world) : world_(world) {}

  /// Something went away that these programs need: each of them says so by `culprit`, in /readyz and in
  /// the topology, within patience. Then the outage lasts, under readings.
  void live_through(const std::string& culprit, const std::vector<std::string>& affected,
                    std::chrono::seconds lasts) {
    std::cout << culprit << " is away for " << lasts.count() << " s\n";
    const auto end = Steady::now() + lasts;
    world_.publish_next();
    for (const std::string& program : affected)
      expect_named(culprit, program);
    do {
      world_.publish(idle_readings(world_.plan()));
      look_at_memory();
      std::this_thread::sleep_for(kSlice);
    } while (Steady::now() < end);
    for (const std::string& program : affected)
      expect_named(culprit, program);  // still
  }

  /// It is back: all is done, and nobody is blamed any more.
  void recover() {
    const auto begin = Steady::now();
    world_.wait_until_done(300s);
    for (const std::string& program : EffectsWorld::programs()) {
      const bool is_well = wait_until([&] { return is_ready(world_.chain(), program); });
      INFO(program << ": " << world_.chain().asked(program, "/readyz"));
      CHECK(is_well);
    }
    std::cout << "back; all is done, and everyone ready, after "
              << std::chrono::duration<double>(Steady::now() - begin).count() << " s\n";
    look_at_memory();
  }

  void check_memory() const {
    for (const auto& [program, bytes] : most_) {
      std::cout << program << ": at most " << (bytes >> 20) << " MiB resident\n";
      INFO(program);
      CHECK(bytes > 0);
      CHECK(bytes < kMostMemory);
    }
  }

 private:
  void expect_named(const std::string& culprit, const std::string& program) {
    std::string said;
    const bool is_named = wait_until([&] {
      said = world_.chain().asked(program, "/readyz");
      return said.find(culprit) != std::string::npos;
    });
    INFO(program << " does not name " << culprit << ": " << said);
    REQUIRE(is_named);
    CHECK_FALSE(is_ready(world_.chain(), program));
    // By a component that needs it: /readyz may have been told by a part that asks without need.
    CHECK(wait_until([&] {
      return world_.chain().asked(program, "/api/v1/topology").find(culprit) != std::string::npos;
    }));
    if (shown_.insert(program + culprit).second) std::cout << program << " says: " << said << '\n';
  }
  void look_at_memory() {
    for (const std::string& program : EffectsWorld::programs())
      most_[program] = std::max(most_[program], world_.chain().peak_memory_of(program));
  }

  EffectsWorld& world_;
  std::map<std::string, std::uint64_t> most_;
  std::set<std::string> shown_;
};

}  // namespace

TEST_CASE("stores and a web hook that go away, and a Redis that starts empty, cost nothing") {
  const std::chrono::seconds outage{from_environment("BORA_OUTAGE_SECONDS", 1)};
  const std::chrono::seconds hook_outage{
      from_environment("BORA_HOOK_OUTAGE_SECONDS", static_cast<std::uint64_t>(outage.count()))};
  EffectsWorld world{{.first_device = fresh_ids(),
                      .devices = from_environment("BORA_DEVICES", 48),
                      .parts = 4,
                      .silent_parts = 1}};
  Outages outages{world};
  world.publish_next();
  outages.recover();

  world.redis().stop();
  outages.live_through("Redis server 127.0.0.1:" + std::to_string(world.redis().port()),
                       {"alerts", "thresholds"}, outage);
  world.redis().start();  // empty
  outages.recover();

  world.store().be(FickleStore::Mood::kDown);
  outages.live_through("KairosDB on " + without_scheme(world.store().url()), {"datapoints"},
                       outage);
  world.store().be(FickleStore::Mood::kHalf);
  outages.recover();
  world.store().be(FickleStore::Mood::kWell);

  world.hook().go_down();
  outages.live_through("POST " + without_scheme(world.hook().url("")), {"thresholds"}, hook_outage);
  world.hook().come_up();
  outages.recover();

  outages.check_memory();
  world.stop();
  world.check_all();
  for (const std::string program : {"thresholds", "alerts"})
    CHECK(repetitions(world.hook().told(program)) == 0);
}
