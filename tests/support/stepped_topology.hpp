#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "bora/metrics.hpp"
#include "bora/options.hpp"
#include "bora/status.hpp"
#include "bora/testing/manual_clock.hpp"
#include "bora/topology.hpp"
#include "engine/runtime/runtime.hpp"

namespace bora::test {

/// A Runtime that the test steps by hand: bora::testing::SteppedTopology with the lid off. It shows the
/// runtime itself, and single executors may be left out, as if their threads hung.
///
/// Fails: the constructor throws std::runtime_error when the topology has faults or does not open.
/// Threads: single-owner.
class SteppedTopology {
 public:
  explicit SteppedTopology(Result<Topology> topology, EngineOptions options = {})
      : runtime_(plan_of(std::move(topology)), with_clock(std::move(options), clock)) {
    for (const auto& executor : runtime_.executors())
      if (Status status = executor->open_tasks(); !status)
        throw std::runtime_error(std::string(status.message()));
  }

  /// Steps every executor, save the hung ones, until none has anything to do. Throws when that takes
  /// longer than any test should need.
  void run() {
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      bool worked = false;
      for_awake([&](internal::Executor& e) {
        worked |= e.step(clock.now()) == internal::Executor::Step::kWorked;
      });
      bool more = false;
      for_awake([&](internal::Executor& e) { more |= e.has_work(); });
      if (!worked && !more) return;
    }
    throw std::runtime_error("the topology never comes to rest");
  }
  /// One step of the executor that a task runs on. True when it found something to do.
  bool step(const std::string& component, std::uint32_t task = 0) {
    return executor(component, task).step(clock.now()) == internal::Executor::Step::kWorked;
  }
  /// Lets time pass in ticks of `tick`, doing after each what has become possible.
  void advance(std::chrono::nanoseconds by,
               std::chrono::nanoseconds tick = std::chrono::milliseconds{100}) {
    for (; by.count() > 0; by -= tick) {
      clock.advance(std::min(by, tick));
      run();
    }
  }
  /// From now on run() leaves out the executor of this task; un-done by wake_up().
  void hang(const std::string& component, std::uint32_t task = 0) {
    hung_.insert(executor(component, task).index());
  }
  void wake_up() { hung_.clear(); }
  void drain() {
    runtime_.begin_drain();
    run();
  }
  void close() {
    for (const auto& executor : runtime_.executors())
      executor->end();
  }

  [[nodiscard]] internal::Executor& executor(const std::string& component, std::uint32_t task = 0) {
    for (const auto& e : runtime_.executors())
      for (const internal::TaskBase* t : e->tasks())
        if (t->identity.component == component && t->identity.index == task) return *e;
    throw std::runtime_error("no task " + std::to_string(task) + " of " + component);
  }
  [[nodiscard]] TaskMetricsSnapshot metrics(const std::string& component,
                                            std::uint32_t task = 0) const {
    for (const TaskMetricsSnapshot& t : runtime_.metrics().tasks)
      if (t.component == component && t.task == task) return t;
    throw std::runtime_error("no metrics of task " + std::to_string(task) + " of " + component);
  }
  [[nodiscard]] std::vector<ErrorEntry> errors(const std::string& component) const {
    for (const ComponentErrors& e : runtime_.metrics().errors)
      if (e.component == component) return e.last;
    return {};
  }
  [[nodiscard]] internal::Runtime& runtime() noexcept { return runtime_; }

  testing::ManualClock clock;

 private:
  static std::unique_ptr<internal::TopologyPlan> plan_of(Result<Topology> topology) {
    if (!topology) throw std::runtime_error(topology.error().message);
    return std::move(topology).value().take_plan();
  }
  static EngineOptions with_clock(EngineOptions options, const Clock& clock) {
    options.clock = &clock;
    return options;
  }
  template <class Visit>
  void for_awake(Visit&& visit) {
    for (const auto& executor : runtime_.executors())
      if (hung_.count(executor->index()) == 0) visit(*executor);
  }

  std::set<std::uint32_t> hung_;
  internal::Runtime runtime_;
};

}  // namespace bora::test
