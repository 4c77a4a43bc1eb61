#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/internal/plan.hpp"
#include "bora/metrics.hpp"
#include "bora/options.hpp"
#include "engine/ack/ledger.hpp"
#include "engine/metrics/task_metrics.hpp"
#include "engine/runtime/executor.hpp"
#include "engine/runtime/spout_runner.hpp"
#include "engine/runtime/stream_tap.hpp"
#include "engine/trace/tracer.hpp"

namespace bora::internal {

/// A topology made concrete: tasks, executors, lanes and the ledger, without threads. A
/// RunningTopology gives each executor a thread; the simulator steps them itself.
/// Threads: building and destroying on one thread; the rest as each function says.
class Runtime {
 public:
  /// Throws std::runtime_error when a factory throws for a task after the first.
  Runtime(std::unique_ptr<TopologyPlan> plan, EngineOptions options);
  /// Requires: every executor's thread has ended. Destroys components with what they hold, as a crash
  /// would: nothing is acked by it.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] const TopologyPlan& plan() const noexcept { return *plan_; }
  [[nodiscard]] const EngineOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Clock& clock() const noexcept { return *clock_; }
  [[nodiscard]] Ledger& ledger() const noexcept { return *ledger_; }
  /// In topological order of their first tasks.
  [[nodiscard]] const std::vector<std::unique_ptr<Executor>>& executors() const noexcept {
    return executors_;
  }
  [[nodiscard]] const std::vector<SpoutRunner*>& spouts() const noexcept { return spouts_; }
  [[nodiscard]] const TaskBase& task(std::uint32_t id) const noexcept { return *tasks_[id]; }
  /// The executor that a task runs on.
  [[nodiscard]] const Executor& executor_of(std::uint32_t task) const noexcept {
    return static_cast<const Executor&>(*tasks_[task]->context);
  }
  [[nodiscard]] static std::string label(const TaskBase& task);

  /// Slots from here on are those of traced messages, of every spout task.
  [[nodiscard]] std::uint32_t first_traced_slot() const noexcept { return first_traced_slot_; }

  // --- thread-safe ---
  /// Where tuples of a component's stream can be looked at; null when nobody reads it.
  [[nodiscard]] StreamTap* tap(const std::string& component, const std::string& stream) const;
  void begin_drain();
  [[nodiscard]] bool is_settled() const noexcept;   ///< No message in flight, no spout unsettled.
  [[nodiscard]] bool is_finished() const noexcept;  ///< Every spout said that nothing follows.
  /// Every executor idles and every ring is empty. Certain only when two looks, between which
  /// total_work() did not change, agree.
  [[nodiscard]] bool looks_quiet() const noexcept;
  [[nodiscard]] std::uint64_t total_work() const noexcept;
  [[nodiscard]] std::uint64_t in_flight() const noexcept;
  [[nodiscard]] MetricsSnapshot metrics() const;
  /// Adds to the task's component's last errors, and tells on_event once per interval. `detail` follows
  /// the text, but does not make it another one.
  void report(const TaskBase& task, std::string text, std::string detail = {});
  std::atomic<std::size_t> bytes_in_flight{0};

 private:
  void make_tasks();
  void place_tasks();
  void make_ledger();
  void wire();
  StreamTap* make_tap(const SubscriptionSpec& subscription);
  void allow_passing_on(TaskBase& task, const ComponentSpec& spec);
  [[nodiscard]] std::size_t index_of(const std::string& component) const;

  std::unique_ptr<TopologyPlan> plan_;
  EngineOptions options_;
  SystemClock system_clock_;
  const Clock* clock_;
  std::shared_ptr<Ledger> ledger_;  // with tokens that outlive this
  std::uint32_t first_traced_slot_ = 0;
  std::unique_ptr<Tracer> tracer_;  // null: nothing is traced
  /// By component and stream. Constant after building.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<StreamTap>> taps_;
  std::vector<std::unique_ptr<TaskBase>> tasks_;       // by task id
  std::vector<std::vector<TaskBase*>> tasks_of_;       // by component
  std::vector<std::unique_ptr<TaskMetrics>> metrics_;  // by task id
  std::vector<std::unique_ptr<ErrorLog>> errors_;      // by component
  std::vector<std::unique_ptr<LaneBase>> lanes_;  // outlive executors, which may be amid a block
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<SpoutRunner*> spouts_;
};

}  // namespace bora::internal
