#include "topologies/parts/registry_part.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/topic_log_fixture.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/parts/log_part.hpp"

using namespace bora;
using namespace std::chrono_literals;
using coldchain::DeviceEntry;
using coldchain::DeviceId;
using coldchain::State;
using parts::RegistryPart;
using std::chrono::steady_clock;

namespace {

/// An embedded log, and a registry that follows it.
struct World {
  World() {
    REQUIRE(topics.start());
    REQUIRE(topics.log().create_topic("registry", {.partitions = 4}));
  }
  ~World() {
    if (part) part->stop(1s);
    topics.stop(1s);
  }
  void start() {
    part =
        std::make_unique<RegistryPart>(topics.table("registry"), [this](const std::string& text) {
          const std::lock_guard lock(mutex);
          events.push_back(text);
        });
    REQUIRE(part->start());
  }
  void append(const std::vector<Record>& records) {
    REQUIRE(topics.log().append("registry", records));
  }
  /// Waits at most ten seconds.
  bool eventually(const std::function<bool()>& holds) const {
    for (const auto end = steady_clock::now() + 10s; steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  [[nodiscard]] const coldchain::RegistryView& view() const { return part->view(); }

  log::testing::ScratchDirectory directory;
  SystemClock clock;
  parts::LogPart topics{log::LogOptions{.path = directory.path() / "topics",
                                        .durability = log::Durability::kUnsynced},
                        clock};
  std::unique_ptr<RegistryPart> part;
  std::mutex mutex;
  std::vector<std::string> events;
};

DeviceEntry device(std::uint64_t id, std::string name = "Fridge") {
  return {DeviceId{id},
          "$2b$10$abcdefghijklmnopqrstuv0123456789012345678901234567890",
          State::kActive,
          {{"name", std::move(name)}, {"minTemperature", "2"}, {"maxTemperature", "8"}}};
}

double sample(const RegistryPart& part, const std::string& name) {
  for (const auto& sample : part.samples())
    if (sample.name == name) return sample.value;
  return -1;
}

}  // namespace

TEST_CASE("an empty registry is ready at once, and follows every change") {
  World world;
  world.start();
  REQUIRE(world.eventually([&] { return world.view().is_ready(); }));
  const auto begun = steady_clock::now();
  world.append({*coldchain::registry_record(device(1))});
  REQUIRE(world.eventually([&] { return world.view().device(DeviceId{1}) != nullptr; }));
  world.append({coldchain::registry_tombstone(DeviceId{1})});
  REQUIRE(world.eventually([&] { return world.view().device(DeviceId{1}) == nullptr; }));
  CHECK(steady_clock::now() - begun < 10s);  // the bound of the application's rules
  CHECK(sample(*world.part, "registry_ready") == 1);
  CHECK(sample(*world.part, "registry_lag_records") == 0);
}

TEST_CASE("a record of an unknown version makes the registry wait for a readable one") {
  World world;
  Record newer = *coldchain::registry_record(device(1));
  newer.value.replace(newer.value.find("\"version\":1"), 11, "\"version\":2");
  world.append({*coldchain::registry_record(device(2)), newer});
  world.start();
  REQUIRE(world.eventually([&] { return sample(*world.part, "registry_unreadable_keys") == 1; }));
  CHECK_FALSE(world.view().is_ready());
  {
    const std::lock_guard lock(world.mutex);
    REQUIRE(world.events.size() == 1);
    CHECK_THAT(world.events[0], Catch::Contains("device/1") && Catch::Contains("version 2"));
  }
  world.append({*coldchain::registry_record(device(1))});
  REQUIRE(world.eventually([&] { return world.view().is_ready(); }));
  world.append({newer});
  REQUIRE(world.eventually([&] { return !world.view().is_ready(); }));
  world.append({coldchain::registry_tombstone(DeviceId{1})});
  CHECK(world.eventually([&] { return world.view().is_ready(); }));
}

TEST_CASE(
    "a registry of 100,000 devices is read whole, also compacted, and says how long it took") {
  constexpr std::uint64_t kDevices = 100'000;
  World world;
  for (std::uint64_t id = 0; id < kDevices;) {
    std::vector<Record> records;
    for (int i = 0; i < 1000; ++i, ++id)
      records.push_back(*coldchain::registry_record(device(id)));
    world.append(records);
  }
  const auto measure = [&] {
    const auto begun = steady_clock::now();
    world.start();
    REQUIRE(world.eventually([&] { return world.view().is_ready(); }));
    const auto took = steady_clock::now() - begun;
    const auto size = world.view().size();
    WARN("ready in " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                     << " ms, " << size.bytes / size.devices << " bytes per device");
    CHECK(size.devices == kDevices);
    CHECK(size.bytes < kDevices * 700);
    world.part->stop(1s);
  };
  measure();
  std::vector<Record> again;
  for (std::uint64_t id = 0; id < 60'000; ++id) {
    again.push_back(*coldchain::registry_record(device(id, "Cabinet")));
    if (again.size() < 1000) continue;
    world.append(again);
    again.clear();
  }
  const auto removed = world.topics.log().enforce_retention(world.clock.wall_now());
  REQUIRE(removed);
  CHECK(*removed == 60'000);
  measure();
  CHECK(world.view().device(DeviceId{59'999})->config.at("name") == "Cabinet");
  CHECK(world.view().device(DeviceId{60'000})->config.at("name") == "Fridge");
}
