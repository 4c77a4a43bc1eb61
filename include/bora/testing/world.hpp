#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/testing/dice.hpp"

namespace bora::testing {

class Scheduler;
class Simulator;

/// What surrounds a simulated topology, and outlives its crashes: time, chance, other threads, and the
/// border between what a crash destroys and what it leaves. The stores, sources and servers of a
/// scenario are plain objects that ask it:
///
///   Status Store::put(const Order& order) {
///     world_.pass(world_.dice().below(5) * 1ms);                        // slow
///     if (world_.fails(20, "store")) return {ErrorKind::kUnavailable, "the store is away"};
///     if (world_.persists()) orders_[order.id] = order;                 // a crash may come before it
///     return {};
///   }
///
/// Threads: single-owner, as the whole simulation.
class World {
 public:
  explicit World(std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  /// The call under way takes this long. Meanwhile, as in fails(), other threads of the topology may
  /// run: call neither where an object that they share is half changed.
  void pass(std::chrono::nanoseconds time);
  /// For the scenario's own choices.
  [[nodiscard]] Dice& dice() noexcept { return dice_; }

  /// True one time in `n`, in which case the caller lets `what` go wrong. Never once the simulation has
  /// become quiet, as what is promised then is that everything gets done.
  [[nodiscard]] bool fails(std::uint32_t n, std::string_view what);
  /// Throws std::runtime_error or Unavailable, likewise.
  void may_throw(std::uint32_t n, std::string_view what);
  [[nodiscard]] bool is_quiet() const noexcept { return quiet_; }

  /// Ask before every effect that a crash leaves behind, and leave the effect out when false: the
  /// process crashed before it. What it does from there to the end of the step, nobody can see.
  [[nodiscard]] bool persists();
  /// Processes started so far, this one included: 1 is the first.
  [[nodiscard]] std::uint32_t life() const noexcept { return life_; }

  /// Runs `work` between two steps, `within` that time or a little later, as a thread that the engine
  /// does not know would. A crash of the process forgets it.
  void later(std::chrono::nanoseconds within, std::function<void()> work);

  /// Says that something must hold; else the simulation ends with `otherwise` as a violation.
  void expect(bool condition, std::string_view otherwise);
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }

 private:
  friend class Scheduler;
  friend class Simulator;

  /// Every look at it may find that a little time has passed, as is true of real clocks.
  class SimulatedClock final : public Clock {
   public:
    [[nodiscard]] Instant now() const noexcept override { return instant += tick; }
    [[nodiscard]] WallTime wall_now() const noexcept override;

    mutable Instant instant;
    std::chrono::nanoseconds tick{0};
    std::chrono::nanoseconds wall_offset;  // wall time less monotonic time
    SimulatedClock() noexcept;
  };
  struct Work {
    Instant due;
    std::uint64_t order = 0;
    std::function<void()> run;
  };

  void let_others_run();
  void note(std::uint64_t value) noexcept;  // makes it part of the trace's hash
  void tell(std::string_view what);         // to who traces
  [[nodiscard]] std::optional<Instant> next_work() const;
  /// Runs one piece of work that is due, any of them; false when none is.
  bool run_work();
  void start_life();
  void end_life() noexcept { alive_ = false; }
  /// The process crashes before the n-th effect from here.
  void crash_before(std::uint64_t effect) noexcept { effects_left_ = effect; }

  const std::uint64_t seed_;
  Dice dice_;
  Dice chance_;  // of fails(), so that a scenario's own throws do not move faults
  SimulatedClock clock_;
  std::vector<Work> work_;
  std::uint64_t works_ = 0;
  std::uint32_t life_ = 0;
  bool alive_ = false;
  bool quiet_ = false;
  std::uint64_t effects_left_ = 0;  // 0: no crash is planned
  std::uint64_t hash_ = 0;
  std::uint64_t step_ = 0;
  std::vector<std::string> violations_;
  std::function<void(const std::string&)> trace_;
  std::function<void()> others_;  // the scheduler's: steps executors that are in no step
};

}  // namespace bora::testing
