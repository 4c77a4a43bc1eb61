#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bora/options.hpp"
#include "bora/testing/dice.hpp"
#include "bora/testing/simulation.hpp"
#include "bora/testing/world.hpp"
#include "engine/sim/faulty_task.hpp"

namespace bora::internal {
class Inspector;
class Runtime;
}  // namespace bora::internal

namespace bora::testing {

class Scheduler;

/// One run of a Simulation: the lives of a process, one after the other, each with an end of its own.
/// Threads: single-owner.
class Simulator {
 public:
  Simulator(World& world, const Simulation::Factory& factory, const SimulationOptions& options,
            const std::vector<std::function<std::string()>>& checks,
            const std::function<bool()>& done);
  [[nodiscard]] SimulationReport run();

 private:
  enum class End : std::uint8_t { kCrash, kRestart, kQuiet };
  /// Looks at the spans of traced messages, which must not change what happens to any.
  struct Spans final : SpanSink {
    void take(Span span) noexcept override {
      if (span.at.trace == TraceId{} || span.at.span == SpanId{} || span.took.count() < 0) ++faults;
    }
    int faults = 0;
  };

  void live(End end);
  [[nodiscard]] std::unique_ptr<internal::Runtime> make_runtime();
  [[nodiscard]] EngineOptions engine_options();
  [[nodiscard]] internal::FaultyTask::Fault decide(const internal::TaskIdentity& task);
  [[nodiscard]] bool open(internal::Runtime& runtime);
  void work(internal::Runtime& runtime, End end);
  void drain(internal::Runtime& runtime);
  void close(internal::Runtime& runtime);
  /// One act and what is looked at after it. False when this life is over.
  bool act();
  void jump();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::string what_is_left(const internal::Runtime& runtime) const;
  void count(const internal::Runtime& runtime);

  World& world_;
  const Simulation::Factory& factory_;
  const SimulationOptions& options_;
  const std::vector<std::function<std::string()>>& checks_;
  const std::function<bool()>& done_;
  Dice dice_;
  std::uint32_t throw_one_in_ = 0;
  SimulationReport report_;

  Spans spans_;

  // of the life under way
  std::unique_ptr<internal::Inspector> inspector_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace bora::testing
