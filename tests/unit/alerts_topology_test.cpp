// Devices that fall silent and come back, through the whole topology, on a clock that the test moves.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "support/naive_state.hpp"
#include "topologies/alerts/topology.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::alerts {

using namespace std::chrono_literals;
using coldchain::AlertKind;
using coldchain::DeviceId;
using testing::NaiveState;

namespace {

constexpr DeviceId kFridge{1};
constexpr DeviceId kFreezer{2};

class Told final : public notify::Notifier {
 public:
  Told(std::vector<std::string>& keys, const bool& is_down) : keys_(keys), is_down_(is_down) {}
  bool has_room() const override { return true; }
  Status send(notify::Notification notification, Tag tag) override {
    if (is_down_) return {ErrorKind::kUnavailable, "the web hook is down"};
    keys_.push_back(notification.key);
    outcomes_.push_back({tag, {}});
    return {};
  }
  std::size_t poll(std::vector<Outcome>& out) override {
    out.insert(out.end(), outcomes_.begin(), outcomes_.end());
    return std::exchange(outcomes_, {}).size();
  }
  void flush(std::chrono::milliseconds) override {
    if (wake_ && !outcomes_.empty()) wake_();
  }
  void on_outcome(std::function<void()> wake) override { wake_ = std::move(wake); }

 private:
  std::vector<std::string>& keys_;
  const bool& is_down_;
  std::vector<Outcome> outcomes_;
  std::function<void()> wake_;
};

/// Topics, a store and a notifier that outlive the process; a process that is started by hand.
class World {
 public:
  explicit World(std::uint32_t partitions = 2) {
    options.rules.look_every = 1min;
    broker.create_topic("readings", partitions);
    broker.create_topic("alerts", 1);
    broker.create_topic("readings.dlq", 1);
    registry.set_ready();
    options.spout.retry.first_backoff = 100ms;
    options.spout.retry.max_backoff = 1s;
    options.spout.commit_every = 10s;  // fewer timers: hours pass here
  }
  void start() {
    auto built = make_topology(
        options,
        {.connections = {.source =
                             [this](std::uint32_t) {
                               return std::make_unique<test::MemorySource>(
                                   broker,
                                   test::MemorySourceOptions{.topic = "readings", .group = "a"});
                             },
                         .dead_letters =
                             [this](std::uint32_t) {
                               return std::make_unique<test::MemorySink>(broker,
                                                                         test::MemorySinkOptions{});
                             }},
         .registry = [this]() -> const coldchain::RegistryView& { return registry; },
         .state = [this] { return store.connect(); },
         .notifier = [this](const Clock&, std::uint32_t) -> std::unique_ptr<notify::Notifier> {
           return std::make_unique<Told>(told, is_down);
         },
         .sinks =
             [this](std::uint32_t) {
               return std::make_unique<test::MemorySink>(broker, test::MemorySinkOptions{});
             },
         .clock = clock});
    REQUIRE(built.status().message() == "");
    auto opened = testing::SteppedTopology::open(*std::move(built), clock);
    REQUIRE(opened.status().message() == "");
    topology = *std::move(opened);
    topology->run();
  }
  void stop() {
    topology->drain();
    topology.reset();
  }
  /// As if the store and the topology had been there for long.
  void start_settled() {
    start();
    advance(options.rules.grace + 5min);
  }
  void advance(std::chrono::nanoseconds by) {
    if (topology)
      topology->advance(by);
    else
      clock.advance(by);
  }
  void report(DeviceId device, WallTime measured, WallTime received, std::uint32_t partition = 0) {
    Record record;
    record.key = record_key(device);
    coldchain::write_reading({.device_id = device,
                              .gateway_id = {},
                              .temperature = 4,
                              .time = measured,
                              .received = received,
                              .battery = 80},
                             record.value);
    record.timestamp = received;
    broker.append("readings", partition, std::move(record));
    if (topology) topology->run();
  }
  void report(DeviceId device, std::uint32_t partition = 0) {
    report(device, clock.wall_now(), clock.wall_now(), partition);
  }
  std::vector<std::pair<AlertKind, WallTime>> alerts(DeviceId device = kFridge) const {
    std::vector<std::pair<AlertKind, WallTime>> found;
    for (const auto& stored : broker.records("alerts")) {
      const auto parsed = coldchain::parse_alert(stored.record.value);
      REQUIRE(parsed);
      if (parsed->device_id == device) found.emplace_back(parsed->kind, parsed->time);
    }
    return found;
  }

  test::MemoryBroker broker;
  coldchain::RegistryView registry;
  testing::ManualClock clock;
  NaiveState store;
  std::vector<std::string> told;
  bool is_down = false;
  AlertsOptions options;
  std::unique_ptr<testing::SteppedTopology> topology;
};

using Said = std::vector<std::pair<AlertKind, WallTime>>;

}  // namespace

TEST_CASE("a device without a reading for an hour is announced as silent, once") {
  World world;
  world.start_settled();
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  world.advance(59min);
  CHECK(world.alerts() == Said{});
  world.advance(2min);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}});
  world.advance(5h);
  CHECK(world.alerts().size() == 1);
  CHECK(world.told == std::vector{alert_id(kFridge, AlertKind::kSilent, last)});
}

TEST_CASE("a silent device that reports again is back, once") {
  World world;
  world.start_settled();
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  world.advance(2h);
  const WallTime again = world.clock.wall_now();
  world.report(kFridge);
  world.report(kFridge);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}, {AlertKind::kBack, again}});
  world.advance(30min);
  world.report(kFridge);
  CHECK(world.alerts().size() == 2);
}

TEST_CASE("late and repeated readings end no silence and begin none") {
  World world;
  world.start_settled();
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  world.advance(3h);
  REQUIRE(world.alerts() == Said{{AlertKind::kSilent, last}});
  world.report(kFridge, last, world.clock.wall_now());
  world.report(kFridge, last - 5min, world.clock.wall_now());
  world.report(kFridge, last + 30min, world.clock.wall_now());  // delivered late: still silent
  world.advance(20min);
  CHECK(world.alerts().size() == 1);
  const WallTime again = world.clock.wall_now();
  world.report(kFridge);
  CHECK(world.alerts().size() == 2);
  world.report(kFridge, last + 40min, world.clock.wall_now());
  world.advance(59min);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}, {AlertKind::kBack, again}});
}

TEST_CASE("a restart announces nobody twice") {
  World world;
  world.start_settled();
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  world.advance(2h);
  world.stop();
  world.advance(24h);
  world.start();
  world.advance(2h);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}});
}

TEST_CASE("devices that report in a backlog are not announced as silent, those that do not are") {
  World world;
  world.start_settled();
  world.report(kFridge, 0);
  world.report(kFreezer, 1);
  const WallTime last = world.clock.wall_now();
  world.stop();
  for (int i = 0; i < 24 * 12; ++i) {
    world.advance(5min);
    world.report(kFridge, 0);
  }
  world.is_down = true;  // and so the topology cannot even begin
  world.start();
  world.advance(10min);
  CHECK(world.alerts() == Said{});
  world.is_down = false;
  world.advance(10min);
  CHECK(world.alerts(kFridge) == Said{});
  CHECK(world.alerts(kFreezer) == Said{{AlertKind::kSilent, last}});
}

TEST_CASE("nobody is called silent while the store cannot take what was heard") {
  World world;
  world.start_settled();
  world.report(kFridge);
  world.advance(55min);
  world.store.is_away = true;
  world.report(kFridge);
  world.advance(3h);
  CHECK(world.alerts() == Said{});
  world.store.is_away = false;
  const WallTime again = world.clock.wall_now();
  world.report(kFridge);
  world.advance(10min);
  // It reported before and after, and was silent in between: only its return is news.
  CHECK(world.alerts() == Said{{AlertKind::kBack, again}});
}

TEST_CASE("a partition without a record holds nobody back") {
  World world{8};
  world.start_settled();
  world.report(kFridge, 3);
  world.advance(61min);
  CHECK(world.alerts().size() == 1);
}

TEST_CASE("a device is announced by the process that reads its partition, and by no other") {
  World world{2};
  world.start_settled();
  world.report(kFridge, 0);
  world.report(kFreezer, 1);
  // Another member of the group takes partition 1, and does nothing.
  world.stop();
  test::MemorySource other{world.broker, {.topic = "readings", .group = "a"}};
  struct : AssignmentListener {
    void on_assigned(std::uint32_t partition, std::uint32_t, std::int64_t) override {
      mine.insert(partition);
    }
    void on_revoked(std::uint32_t partition, std::uint32_t, Leave) override {
      mine.erase(partition);
    }
    std::set<std::uint32_t> mine;
  } listener;
  REQUIRE(other.open(listener, [] {}));
  world.start();
  std::vector<SourceRecord> none;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(other.poll(1, none));
    world.advance(1s);
  }
  REQUIRE(listener.mine.size() == 1);
  world.advance(2h);
  const DeviceId others = listener.mine.count(0) == 1 ? kFridge : kFreezer;
  CHECK(world.alerts(others) == Said{});
  CHECK(world.alerts(others == kFridge ? kFreezer : kFridge).size() == 1);
  other.close();
  world.advance(10min);
  CHECK(world.alerts(others).size() == 1);
}

TEST_CASE("a store that lost everything makes nobody silent or back, and nothing heard is lost") {
  World world;
  world.start_settled();
  const WallTime silent_since = world.clock.wall_now();
  world.report(kFreezer);
  world.advance(90min);
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  REQUIRE(world.alerts(kFreezer) == Said{{AlertKind::kSilent, silent_since}});
  world.store.is_away = true;
  world.advance(30s);
  world.store.lose_everything();
  world.store.is_away = false;
  world.advance(55min);
  CHECK(world.alerts(kFridge) == Said{});
  const WallTime again = world.clock.wall_now();
  world.report(kFreezer);
  CHECK(world.alerts(kFreezer) ==
        Said{{AlertKind::kSilent, silent_since}, {AlertKind::kBack, again}});
  world.advance(30min);  // past the grace
  CHECK(world.alerts(kFridge) == Said{{AlertKind::kSilent, last}});
}

TEST_CASE("after store and topology were lost together nobody is silent or back before the grace") {
  World world;
  world.start_settled();
  world.report(kFridge);
  world.advance(90min);
  REQUIRE(world.alerts().size() == 1);
  world.stop();
  world.store.lose_everything();
  world.advance(24h);
  world.start();
  const WallTime now = world.clock.wall_now();
  world.report(kFridge, now - 50min, now);  // delivered late
  world.advance(30min);
  CHECK(world.alerts().size() == 1);
  world.report(kFridge);
  world.advance(59min);
  CHECK(world.alerts().size() == 1);
  world.advance(5min);
  CHECK(world.alerts().size() == 2);
}

TEST_CASE("a crash before an alert is published says it again, with the same id") {
  World world;
  world.start_settled();
  const WallTime last = world.clock.wall_now();
  world.report(kFridge);
  world.is_down = true;
  world.advance(2h);
  CHECK(world.alerts() == Said{});
  world.topology.reset();
  world.broker.crash();
  world.is_down = false;
  world.start();
  world.advance(10min);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}});
  world.is_down = true;
  const WallTime again = world.clock.wall_now();
  world.report(kFridge);
  world.advance(1min);
  world.topology.reset();
  world.broker.crash();
  world.is_down = false;
  world.start();
  world.advance(1min);
  CHECK(world.alerts() == Said{{AlertKind::kSilent, last}, {AlertKind::kBack, again}});
}

TEST_CASE("a wall clock that jumps a day ahead makes nobody silent who goes on reporting") {
  World world;
  world.start_settled();
  world.report(kFridge);
  world.advance(1min);
  world.clock.jump_wall(24h);
  for (int i = 0; i < 30; ++i) {
    world.report(kFridge);
    world.advance(1min);
  }
  for (const auto& [kind, time] : world.alerts())
    CHECK(kind == AlertKind::kBack);  // it measured a day later
}

TEST_CASE("a grace shorter than the time to silence is refused") {
  World world;
  world.options.rules.grace = 10min;
  const auto built = make_topology(world.options, {.connections = {},
                                                   .registry = {},
                                                   .state = {},
                                                   .notifier = {},
                                                   .sinks = {},
                                                   .clock = world.clock});
  REQUIRE_FALSE(built);
  CHECK(built.error().kind == ErrorKind::kInvalid);
}

}  // namespace bora::alerts
