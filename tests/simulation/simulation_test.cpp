// The simulator itself: that it repeats, that it spares what is right, and that it finds what is wrong.

#include "bora/testing/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/spout.hpp"
#include "bora/topology.hpp"
#include "tests/simulation/scenario.hpp"

using namespace std::chrono_literals;
using bora::testing::Simulation;
using bora::testing::SimulationReport;
using bora::testing::World;

namespace {

constexpr std::uint32_t kOrders = 20;

/// What survives: which orders were stored, and which the spout need not bring again.
struct Shop {
  explicit Shop(World& w) : world(w) {}
  World& world;
  std::set<std::uint32_t> stored;
  std::set<std::uint32_t> acked;
};

class Orders final : public bora::Spout<std::uint32_t> {
 public:
  explicit Orders(Shop& shop) : shop_(shop) {}
  bora::Status open(bora::Context& context) override {
    wake_ = context.waker();
    for (std::uint32_t order = 0; order < kOrders; ++order)
      if (shop_.acked.count(order) == 0) todo_.push_back(order);
    return {};
  }
  bora::Next next_batch(std::size_t max) override {
    for (; max > 0 && !todo_.empty(); --max) {
      emit(todo_.front(), {.offset = todo_.front()});
      todo_.pop_front();
    }
    return todo_.empty() ? bora::Next::idle() : bora::Next::more();
  }
  void acked(std::span<const bora::MessageId> ids) override {
    for (const bora::MessageId& id : ids) {
      const auto order = static_cast<std::uint32_t>(id.offset);
      shop_.world.expect(shop_.stored.count(order) != 0, "acked an order that is not stored");
      if (shop_.world.persists()) shop_.acked.insert(order);
    }
  }
  void failed(const bora::Failure& failure) override {
    if (failure.kind == bora::FailureKind::kAbandoned) return;
    todo_.push_back(static_cast<std::uint32_t>(failure.id.offset));
    wake_();
  }

 private:
  Shop& shop_;
  std::function<void()> wake_;
  std::deque<std::uint32_t> todo_;
};

/// Stores orders as an author meant it, or with one of the faults that authors make.
class Store final : public bora::Bolt<std::uint32_t> {
 public:
  enum class Way : std::uint8_t { kRight, kAcksFirst, kKeepsForGood };
  Store(Shop& shop, Way way) : shop_(shop), way_(way) {}
  void execute(const std::uint32_t& order) override {
    if (shop_.world.fails(10, "the store is away")) throw bora::Unavailable("the store is away");
    switch (way_) {
      case Way::kRight: return put(order);
      case Way::kAcksFirst: return shop_.world.later(1ms, [this, order] { put(order); });
      case Way::kKeepsForGood: kept_.push_back(hold());
    }
  }

 private:
  void put(std::uint32_t order) {
    if (shop_.world.persists()) shop_.stored.insert(order);
  }
  Shop& shop_;
  Way way_;
  std::vector<bora::AckToken> kept_;
};

SimulationReport run_shop(std::uint64_t seed, Store::Way way) {
  World world{seed};
  Shop shop{world};
  bora::testing::SimulationOptions options;
  options.max_quiet_steps = 5'000;
  Simulation simulation{
      world,
      [&] {
        bora::TopologyBuilder topology{"shop"};
        auto orders = topology.spout("orders", [&] { return Orders{shop}; });
        topology.bolt("store", [&, way] { return Store{shop, way}; }, {.tasks = 2}).shuffle(orders);
        return topology.build();
      },
      options};
  return simulation.until([&] { return shop.acked.size() == kOrders; }).run();
}

std::string all_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  return text;
}

/// What is found within a hundred seeds.
std::string violations_of(Store::Way way) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    if (const auto report = run_shop(seed, way); !report.violations.empty())
      return all_of(report.violations);
  return {};
}

}  // namespace

TEST_CASE("a seed makes the same decisions every time, and another makes others") {
  for (const auto& scenario : bora::simulation::scenarios()) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(scenario.name, seed);
      const auto first = scenario.run(seed, {});
      const auto second = scenario.run(seed, {});
      CHECK(first.trace_hash == second.trace_hash);
      CHECK(first.steps == second.steps);
      CHECK(scenario.run(seed + 100, {}).trace_hash != first.trace_hash);
    }
  }
}

TEST_CASE("tracing a seed changes none of its decisions") {
  std::size_t lines = 0;
  const auto traced = bora::simulation::run_records(5, [&](const std::string&) { ++lines; });
  CHECK(traced.trace_hash == bora::simulation::run_records(5, {}).trace_hash);
  CHECK(lines > traced.steps / 4);
}

TEST_CASE("a topology that is right survives crashes, restarts and throws") {
  SimulationReport all;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto report = run_shop(seed, Store::Way::kRight);
    INFO("seed " << seed << "\n" << all_of(report.violations));
    REQUIRE(report.violations.empty());
    all.crashes += report.crashes;
    all.restarts += report.restarts;
    all.thrown += report.thrown;
    all.failed += report.failed;
  }
  CHECK(all.crashes > 30);  // the seeds have it in them
  CHECK(all.restarts > 60);
  CHECK(all.thrown > 10);
  CHECK(all.failed > 10);
}

TEST_CASE("an ack before its effect is found") {
  CHECK_THAT(violations_of(Store::Way::kAcksFirst),
             Catch::Contains("acked an order that is not stored"));
}

TEST_CASE("a token that is kept for good is found, and so is who keeps it") {
  CHECK_THAT(violations_of(Store::Way::kKeepsForGood), Catch::Contains("held by store["));
}

TEST_CASE("a check that fails ends the simulation with its text and where it was") {
  World world{1};
  Shop shop{world};
  std::uint64_t looks = 0;
  Simulation simulation{
      world, [&] {
        bora::TopologyBuilder topology{"shop"};
        auto orders = topology.spout("orders", [&] { return Orders{shop}; });
        topology.bolt("store", [&] { return Store{shop, Store::Way::kRight}; }).shuffle(orders);
        return topology.build();
      }};
  const auto report =
      simulation.always([&] { return ++looks == 3 ? "three is too many" : ""; }).run();
  REQUIRE(report.violations.size() == 1);
  CHECK(report.violations[0] == "life 1, step 3: three is too many");
  CHECK(report.steps == 3);
}

TEST_CASE("a topology that cannot be built is a violation that says why") {
  World world{1};
  Simulation simulation{world, [] { return bora::TopologyBuilder{"nothing"}.build(); }};
  const auto report = simulation.run();
  REQUIRE(report.violations.size() == 1);
  CHECK_THAT(report.violations[0], Catch::Contains("it has no components"));
}

TEST_CASE("dice show the same faces for a seed, and those of a fork are their own") {
  bora::testing::Dice one{7};
  bora::testing::Dice other{7};
  bora::testing::Dice fork = other.fork();
  (void)one.fork();
  for (int i = 0; i < 50; ++i)
    (void)fork.next();
  for (int i = 0; i < 50; ++i)
    CHECK(one.between(3, 9) == other.between(3, 9));
  CHECK_FALSE(one.one_in(0));
  CHECK(one.one_in(1));
}
