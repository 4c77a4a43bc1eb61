// What readings become: datapoints, thresholds and alerts, each a process of its own, on real Kafka,
// Redis and KairosDB, with a web hook. By hand, longer: scripts/effects-test.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/redis/options.hpp"
#include "connectors/redis/stats.hpp"
#include "services/chain.hpp"
#include "services/effects_plan.hpp"
#include "services/hook.hpp"
#include "services/raw_group.hpp"
#include "services/redis_server.hpp"
#include "support/services.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/state/redis_state.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

const std::vector<std::string> kPrograms{"alerts", "thresholds", "datapoints"};
constexpr auto kPatience = 120s;

WallTime wall_now() { return SystemClock{}.wall_now(); }

/// Ids that no other run uses, also where stores are shared.
std::uint64_t fresh_ids() { return static_cast<std::uint64_t>(to_millis(wall_now())) * 100'000; }

bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds patience = kPatience) {
  for (const auto deadline = Steady::now() + patience; !is_so();) {
    if (Steady::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// A store that has been there for long, so that nobody waits for its grace.
void age(const testing::RedisServer& redis) {
  redis::RedisStats stats;
  const auto state = coldchain::connect_redis_state(redis::parse_url(redis.url()).value(), stats);
  coldchain::LastSeen::Known known;
  REQUIRE(state->last_seen().find({}, wall_now() - 240h, known).message() == "");
}

/// The three programs, what they work on, and what is expected of them.
class World {
 public:
  explicit World(EffectsPlan::Options plan, const std::string& window = "3s")
      : plan_(plan, wall_now()),
        hook_(5ms),
        store_(testing::kairosdb_url()),
        chain_({.series = "kairosdb+" + store_.url(),
                .state = redis_.url(),
                .notify = [this](const std::string& program) { return hook_.url(program); },
                .commit_every = "3s",
                .settings = {"topics.instance=only"},
                .window = window}) {
    age(redis_);
    for (const std::string& program : kPrograms)
      REQUIRE(chain_.create_topics(program) == 0);
    REQUIRE(chain_.publish("registry", plan_.registry()));
    for (const std::string& program : kPrograms)
      chain_.start(program);
    for (const std::string& program : kPrograms)
      expect_ready(program);
  }

  EffectsPlan& plan() noexcept { return plan_; }
  Hook& hook() noexcept { return hook_; }
  FickleStore& store() noexcept { return store_; }
  testing::RedisServer& redis() noexcept { return redis_; }
  Chain& chain() noexcept { return chain_; }

  void publish_next() { REQUIRE(chain_.publish("readings", plan_.next_part(wall_now()))); }

  void publish(const std::vector<Record>& readings) {
    REQUIRE(chain_.publish("readings", readings));
  }

  void kill(const std::string& program) {
    chain_.kill(program);
    chain_.start(program);
    expect_ready(program);
  }

  /// Everything expected so far was told and written.
  void wait_until_done() {
    const auto is_told = [this] {
      return hook_.told("thresholds").size() >= plan_.of_thresholds().size() &&
             hook_.told("alerts").size() >= plan_.of_alerts().size();
    };
    const bool told = wait_until(is_told);
    CHECK(wrong_subjects(plan_, plan_.of_thresholds(), hook_.told("thresholds")) == "");
    CHECK(wrong_subjects(plan_, plan_.of_alerts(), hook_.told("alerts")) == "");
    REQUIRE(told);
    for (const std::string& program : kPrograms) {
      const bool is_done = chain_.wait_until_done("readings", program, kPatience);
      INFO(program << ": " << chain_.log_of(program));
      REQUIRE(is_done);
    }
  }

  void stop() {
    for (const std::string& program : kPrograms) {
      INFO(program << ": " << chain_.log_of(program));
      CHECK(chain_.stop(program) == 0);
    }
  }

  /// Each point is in the store, each alert in its topic and told, and nothing else.
  void check_all() {
    Subjects expected = plan_.of_thresholds();
    expected.insert(plan_.of_alerts().begin(), plan_.of_alerts().end());
    Tally published;
    for (const Record& record : chain_.read("alerts")) {
      const auto alert = coldchain::parse_alert(record.value);
      REQUIRE(alert);
      ++published[alert_id(*alert)];
    }
    CHECK(wrong_subjects(plan_, expected, published) == "");
    for (const std::string program : {"thresholds", "alerts"})
      for (const auto& [id, times] : hook_.told(program))
        if (published.count(id) == 0) FAIL_CHECK(id << " was told and not published");
    CHECK(chain_.read("alerts.dlq").empty());
    CHECK(chain_.read("readings.dlq").empty());
    // KairosDB shows what it took a moment later.
    Points found;
    static_cast<void>(wait_until([&] {
      found = Chain::kairos_points(plan_.cast());
      return found.size() >= plan_.points().size();
    }));
    CHECK(found == plan_.points());
  }

 private:
  void expect_ready(const std::string& program) {
    const bool is_ready = chain_.wait_until_ready(program);
    INFO(program << ": " << chain_.log_of(program));
    REQUIRE(is_ready);
  }

  EffectsPlan plan_;
  testing::RedisServer redis_;
  Hook hook_;
  FickleStore store_;
  Chain chain_;
};

/// Publishes a part and kills `victim` while it works on it.
void kill_at_work(World& world, const std::string& victim) {
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

/// Of a device of the cast; its time is now.
Record reading_of(const EffectsPlan& plan, std::size_t device, double temperature) {
  coldchain::Reading reading;
  reading.device_id = plan.cast().devices[device].id;
  reading.gateway_id = plan.cast().gateways[0].id;
  reading.temperature = temperature;
  reading.time = std::chrono::floor<std::chrono::milliseconds>(wall_now());
  reading.battery = 90;
  reading.received = reading.time;
  Record record;
  record.key = record_key(reading.device_id);
  coldchain::write_reading(reading, record.value);
  return record;
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
  World world{{.first_device = fresh_ids(), .devices = readings}, window};
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
  World world{{.first_device = fresh_ids(), .devices = devices}};
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
  World world{{.first_device = fresh_ids(),
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

TEST_CASE("stores and a web hook that go away, and a Redis that starts empty, cost nothing") {
  const std::chrono::seconds outage{from_environment("BORA_OUTAGE_SECONDS", 1)};
  World world{{.first_device = fresh_ids(),
               .devices = from_environment("BORA_DEVICES", 48),
               .parts = 4,
               .silent_parts = 1}};
  world.publish_next();
  world.wait_until_done();

  world.redis().stop();
  world.publish_next();
  std::this_thread::sleep_for(outage);
  world.redis().start();  // empty
  world.wait_until_done();

  world.store().be(FickleStore::Mood::kDown);
  world.publish_next();
  REQUIRE(wait_until([&] { return world.store().refused() > 0; }));
  std::this_thread::sleep_for(outage);
  world.store().be(FickleStore::Mood::kHalf);
  world.wait_until_done();
  world.store().be(FickleStore::Mood::kWell);

  world.hook().go_down();
  world.publish_next();
  REQUIRE(wait_until([&] { return world.hook().refused() > 0; }));
  std::this_thread::sleep_for(outage);
  world.hook().come_up();
  world.wait_until_done();

  world.stop();
  world.check_all();
  for (const std::string program : {"thresholds", "alerts"})
    CHECK(repetitions(world.hook().told(program)) == 0);
  CHECK(world.chain().log_of("datapoints").find("KairosDB") != std::string::npos);
  CHECK(world.chain().log_of("alerts").find("Redis") != std::string::npos);
  CHECK(world.chain().log_of("thresholds").find("503") != std::string::npos);
}
