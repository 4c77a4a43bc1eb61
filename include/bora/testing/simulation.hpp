#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bora/status.hpp"
#include "bora/testing/world.hpp"
#include "bora/topology.hpp"

namespace bora::testing {

/// What a simulation may do to a topology. Each seed uses some of it.
struct SimulationOptions {
  /// Times that the process crashes, at most, between two steps or in the middle of one.
  std::uint32_t max_crashes = 3;
  /// Times that it is drained and started again, at most.
  std::uint32_t max_restarts = 1;
  /// Steps, about, from the start of a process to its crash or drain, and of the last one to the quiet.
  std::uint32_t steps_per_life = 300;
  /// One in so many tuples that a bolt takes from another thread throws, before execute() or after it
  /// did everything; 0: none. Throws in the middle are the scenario's: World::may_throw().
  std::uint32_t throw_one_in = 100;
  /// Kinds of what is thrown, beside std::runtime_error.
  bool throw_unavailable = true;
  bool throw_permanent = false;
  /// Both clocks jump forward, as after a suspend, or the wall clock alone in either direction.
  bool jump_clocks = true;
  /// EngineOptions, and each spout's max_in_flight, are small numbers picked by the seed; max_in_flight
  /// at least this. More: for topologies whose bolts hold tuples until others come.
  std::uint32_t least_in_flight = 1;
  /// Steps in which, once nothing fails any more, everything has to be done.
  std::uint64_t max_quiet_steps = 200'000;
  /// Gets a line for every decision. For looking at one seed.
  std::function<void(const std::string&)> trace = {};
};

struct SimulationReport {
  std::uint64_t seed = 0;
  /// What did not hold, each with the process and the step in which it was seen. Empty: all is well.
  std::vector<std::string> violations;
  /// A fingerprint of every decision and outcome: two runs of one seed have the same.
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint32_t crashes = 0;
  std::uint32_t restarts = 0;
  std::uint64_t opened = 0;  ///< Messages that spouts emitted, over all lives.
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
  std::uint64_t thrown = 0;  ///< Throws that the simulation injected.
};

/// Runs a topology on one thread, under a scheduler whose choices are a function of a seed, and lets
/// things go wrong: tuples throw, the process crashes at any step and starts again with what the World
/// kept, it is drained and started again, clocks jump. In the end all faults cease, and everything has
/// to get done. The engine's own promises are checked after every step; the scenario's with
/// World::expect() and always().
///
///   for (std::uint64_t seed = 1; seed <= 100; ++seed) {
///     bora::testing::World world{seed};
///     Store store{world};                                   // survives crashes
///     bora::testing::Simulation simulation{world, [&] { return orders_topology(store); }};
///     const auto report = simulation.until([&] { return store.size() == 100; }).run();
///     INFO("seed " << seed);
///     CHECK(report.violations == std::vector<std::string>{});
///   }
///
/// A seed replays exactly as long as the scenario takes time and chance from the World alone, and
/// iterates over nothing whose order hangs on addresses.
/// Threads: single-owner.
class Simulation {
 public:
  /// Builds the topology once per life; what it refers to outlives the simulation.
  using Factory = std::function<Result<Topology>()>;
  Simulation(World& world, Factory factory, SimulationOptions options = {});

  /// Checked after every step. `check` returns what is wrong, or an empty text.
  Simulation& always(std::function<std::string()> check);
  /// When everything is done: looked at only after faults have ceased. Default: every spout finished.
  Simulation& until(std::function<bool()> done);

  /// Runs to the end, or to the first violation. Call once.
  [[nodiscard]] SimulationReport run();

 private:
  World& world_;
  Factory factory_;
  SimulationOptions options_;
  std::vector<std::function<std::string()>> checks_;
  std::function<bool()> done_;
};

}  // namespace bora::testing
