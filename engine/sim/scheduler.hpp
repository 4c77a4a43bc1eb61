#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bora/clock.hpp"
#include "bora/testing/dice.hpp"
#include "bora/testing/world.hpp"
#include "engine/runtime/executor.hpp"

namespace bora::internal {
class Runtime;
}

namespace bora::testing {

/// Stands for the machine's scheduler: decides which executor steps next, and lets them sleep and be
/// woken just as their threads do, so that a wake-up that never comes shows. Time passes by little
/// between steps, and to the next thing that is due when all sleep. Wherever a component asks the
/// World for something in the middle of a step, other executors may make steps, too.
/// Threads: single-owner.
class Scheduler {
 public:
  Scheduler(World& world, internal::Runtime& runtime, Dice dice);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// One decision and what it entails. False when everybody sleeps for good.
  bool act();

 private:
  /// How one executor is chosen among those that are awake.
  enum class Policy : std::uint8_t { kAny, kSameAgain, kFirst, kLast };
  struct Worker {
    internal::Executor* executor = nullptr;
    bool is_parked = false;
    bool is_in_step = false;
    std::optional<Instant> due;  // when parked: as the thread would have given it to the parker
    std::uint32_t spins = 0;
    bool just_worked = true;
    std::uint64_t starved_until = 0;
  };

  [[nodiscard]] bool is_awake(const Worker& worker) const;
  [[nodiscard]] std::optional<std::size_t> choose();
  void let_others_run();
  void change_policy();
  void step(std::size_t index);
  internal::Executor::Step run(Worker& worker);
  void sleep(Worker& worker);
  void look_for_lost_wake(Worker& worker);
  bool pass_time();

  World& world_;
  internal::Runtime& runtime_;
  Dice dice_;
  std::vector<Worker> workers_;
  std::vector<std::size_t> awake_;
  Policy policy_ = Policy::kAny;
  std::size_t last_ = 0;
  bool wakes_for_nothing_ = false;
  std::uint64_t acts_ = 0;
  std::uint32_t depth_ = 0;  // of steps inside steps; 0: nothing may run
  std::uint32_t others_one_in_ = 0;
  std::uint64_t in_vain_ = 0;  // steps in a row that found nothing to do
};

}  // namespace bora::testing
