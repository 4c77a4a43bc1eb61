#include "bora/testing/stepped_topology.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bora/check.hpp"
#include "engine/runtime/runtime.hpp"

namespace bora::testing {

struct SteppedTopology::Impl {
  Impl(Topology topology, ManualClock& manual, EngineOptions options)
      : clock(manual), runtime(std::move(topology).take_plan(), std::move(options)) {}

  [[nodiscard]] bool has_work() const {
    return std::any_of(runtime.executors().begin(), runtime.executors().end(),
                       [](const auto& executor) { return executor->has_work(); });
  }
  [[nodiscard]] std::optional<Instant> next_due() const {
    std::optional<Instant> next;
    for (const auto& executor : runtime.executors()) {
      const auto due = executor->next_due();
      if (due && (!next || *due < *next)) next = due;
    }
    return next;
  }
  void run() {
    bool worked = true;
    // An executor that finds nothing to do hands over what it has, so an idle round alone proves
    // nothing.
    while (worked || has_work()) {
      worked = false;
      for (const auto& executor : runtime.executors())
        worked |= executor->step(clock.now()) == internal::Executor::Step::kWorked;
    }
  }

  ManualClock& clock;
  internal::Runtime runtime;
  bool is_closed = false;
};

SteppedTopology::SteppedTopology(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SteppedTopology::~SteppedTopology() { close(); }

Result<std::unique_ptr<SteppedTopology>> SteppedTopology::open(Topology topology,
                                                               ManualClock& clock,
                                                               EngineOptions options) {
  options.clock = &clock;
  std::unique_ptr<SteppedTopology> stepped(
      new SteppedTopology(std::make_unique<Impl>(std::move(topology), clock, std::move(options))));
  for (const auto& executor : stepped->impl_->runtime.executors())
    if (Status status = executor->open_tasks(); !status) return status;
  return stepped;
}

void SteppedTopology::run() {
  BORA_CHECK(!impl_->is_closed, "run() of a topology that was closed");
  impl_->run();
}

void SteppedTopology::advance(std::chrono::nanoseconds by) {
  const Instant until = impl_->clock.now() + by;
  run();
  for (auto due = impl_->next_due(); due && *due <= until; due = impl_->next_due()) {
    if (*due > impl_->clock.now()) impl_->clock.advance(*due - impl_->clock.now());
    run();
  }
  impl_->clock.advance(until - impl_->clock.now());
  run();
}

void SteppedTopology::drain() {
  impl_->runtime.begin_drain();
  run();
}

void SteppedTopology::close() {
  if (std::exchange(impl_->is_closed, true)) return;
  for (const auto& executor : impl_->runtime.executors())
    executor->end();
}

MetricsSnapshot SteppedTopology::metrics() const { return impl_->runtime.metrics(); }

Component& SteppedTopology::component(const std::string& name, std::uint32_t task) const {
  for (const auto& executor : impl_->runtime.executors())
    for (internal::TaskBase* candidate : executor->tasks())
      if (candidate->identity.component == name && candidate->identity.index == task)
        return candidate->component();
  BORA_CHECK(false, "no task " + std::to_string(task) + " of " + name);
}

}  // namespace bora::testing
