#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bora/component.hpp"
#include "bora/metrics.hpp"
#include "bora/options.hpp"
#include "bora/status.hpp"
#include "bora/testing/manual_clock.hpp"
#include "bora/topology.hpp"

namespace bora::testing {

/// A topology at work without threads: it runs on the calling thread, always in the same order, until
/// nothing is left to do; time passes when it is told to.
///
///   auto topology = bora::testing::SteppedTopology::open(std::move(built).value(), clock);
///   (*topology)->run();
///   (*topology)->advance(3s);
///
/// Threads: single-owner. A topology whose spout never goes idle never returns from run().
class SteppedTopology {
 public:
  /// Opens every component. `clock` outlives it. Fails when a component's open() did.
  [[nodiscard]] static Result<std::unique_ptr<SteppedTopology>> open(Topology topology,
                                                                     ManualClock& clock,
                                                                     EngineOptions options = {});
  /// Closes the components, if close() was not called.
  ~SteppedTopology();
  SteppedTopology(const SteppedTopology&) = delete;
  SteppedTopology& operator=(const SteppedTopology&) = delete;

  /// Works until every component is idle.
  void run();
  /// Lets time pass: every timer rings at its time, and what follows from it is done before the next.
  void advance(std::chrono::nanoseconds by);
  /// Begins the drain of the stop protocol, and works until every component is idle.
  void drain();
  /// Closes the components. Nothing runs afterwards.
  void close();

  [[nodiscard]] MetricsSnapshot metrics() const;
  /// The instance of a task. Requires: it exists.
  [[nodiscard]] Component& component(const std::string& name, std::uint32_t task = 0) const;

 private:
  struct Impl;
  explicit SteppedTopology(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::testing
