#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/internal/executor_context.hpp"
#include "bora/internal/lane.hpp"
#include "bora/internal/task.hpp"
#include "bora/options.hpp"
#include "engine/metrics/task_metrics.hpp"
#include "engine/runtime/locate.hpp"
#include "engine/runtime/mailbox.hpp"
#include "engine/runtime/timers.hpp"
#include "engine/trace/tracer.hpp"

namespace bora {
class BoltBase;
}

namespace bora::internal {

class SpoutRunner;
class StreamTap;
class Runtime;

/// Runs the tasks of one thread as a state machine: step(now) does a bounded piece of work and never
/// waits. It does not know whether a thread loops over step() or the simulator picks who is next.
/// Threads: single-owner, save what is said to be thread-safe.
class Executor final : public ExecutorContext {
 public:
  enum class Step : std::uint8_t { kWorked, kIdle, kEnded };

  Executor(Runtime& runtime, std::uint32_t index);
  ~Executor();

  // --- building, before the first step ---
  void add_task(TaskBase& task);
  /// `tap` shows the lane's tuples; null when another lane's do.
  void add_input(LaneBase& lane, StreamTap* tap);
  void add_output_lane(LaneBase& lane);
  void add_spout(std::unique_ptr<SpoutRunner> spout);
  /// Sets the ledger, and the completion lanes, by owner.
  void connect(std::shared_ptr<Ledger> ledger, std::vector<CompletionLane*> completions,
               Tracer* tracer);

  // --- the owner's thread ---
  /// Opens the tasks. Stops at the first that fails and returns its text, led by its name.
  Status open_tasks();
  Step step(Instant now);
  /// True when step() would find something to do. Looked at between Parker::prepare() and park().
  [[nodiscard]] bool has_work();
  /// When step() has to be called at the latest, though nothing arrives.
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Tells those that this executor waits for to wake it. Pairs with has_work().
  void prepare_to_park(Parker::Depth depth) noexcept;
  /// When one that parks at this depth has to wake by itself, though nothing arrives.
  [[nodiscard]] std::optional<Instant> wake_at(Parker::Depth depth, Instant now) const;
  void begin_drain();
  /// Closes the tasks; further steps return kEnded.
  void end();
  void set_timer(std::chrono::nanoseconds delay, std::chrono::nanoseconds period,
                 std::function<void()> fn);
  void answer(LocateRequest& request);
  /// Calls visit(refs, task) for every run of tuples that wait in this executor's hands for `task`: in
  /// its inputs, and in what it has not handed over yet. For answer(), and for the simulator.
  void visit_queued(
      const std::function<void(std::span<const TreeRef> refs, std::uint32_t task)>& visit) const;
  /// The time of the current step, read once per run of tuples.
  [[nodiscard]] Instant now() const noexcept { return now_; }
  void note_slept(std::chrono::nanoseconds slept) noexcept;
  /// Where in a trace the tuple is that `task` executes.
  [[nodiscard]] std::optional<TraceContext> trace_of(const TaskBase& task) const;

  // --- thread-safe ---
  void wake() noexcept { mailbox_->parker.wake(); }
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  [[nodiscard]] const EngineOptions& options() const noexcept;
  [[nodiscard]] Runtime& runtime() const noexcept { return runtime_; }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  /// The last step found nothing to do, and nothing waits for room behind a full lane.
  [[nodiscard]] bool is_idle() const noexcept { return idle_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::uint64_t steps_worked() const noexcept {
    return worked_.load(std::memory_order_seq_cst);
  }
  /// Since when the step under way runs; zero when none does.
  [[nodiscard]] Instant step_began() const noexcept {
    return Instant{std::chrono::nanoseconds{step_began_.load(std::memory_order_relaxed)}};
  }
  [[nodiscard]] std::uint64_t busy_ns() const noexcept {
    return busy_ns_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const std::vector<TaskBase*>& tasks() const noexcept { return tasks_; }
  [[nodiscard]] const std::vector<std::unique_ptr<SpoutRunner>>& spouts() const noexcept {
    return spouts_;
  }
  [[nodiscard]] const std::vector<LaneBase*>& output_lanes() const noexcept {
    return output_lanes_;
  }
  [[nodiscard]] std::uint64_t queued_blocks(const TaskBase& task) const noexcept;

 private:
  struct Input {
    LaneBase* lane = nullptr;
    TaskBase* task = nullptr;
    StreamTap* tap = nullptr;
    LaneBase* passes_on_to = nullptr;  // the lane that may pass this input's blocks on in place
    Block* current = nullptr;
    std::uint32_t quota = 8;  // tuples per run: slow bolts are interrupted to hand over
  };
  struct CompletionTarget {
    CompletionLane* lane = nullptr;
    SpoutRunner* owner = nullptr;
    std::uint32_t since_wake = 0;
    Instant woken_at{};
  };

  bool read_mail();
  bool run_timers();
  bool run_inputs();
  /// Works off what this executor's tasks emitted for each other, before it takes anything else: what
  /// a run of tuples leads to on this thread is done right after it.
  bool run_own_inputs();
  bool run_input(Input& input);
  void show_next(const Input& input);
  void finish_block(Input& input);
  bool run_spouts();
  bool unblock();
  void go_idle();
  void flush_outputs();
  void publish_completions(bool idle);
  void publish_metrics();
  void read_clock();
  [[nodiscard]] LaneBase* passing_lane_of(const TaskBase& task) const;

  // constant after building
  Runtime& runtime_;
  const std::uint32_t index_;
  const Clock* clock_;
  std::vector<TaskBase*> tasks_;
  std::vector<std::pair<BoltBase*, TaskBase*>> bolts_;
  std::vector<Input> inputs_;   // from its own tasks first, in the topology's order
  std::size_t own_inputs_ = 0;  // how many of them
  std::vector<LaneBase*> output_lanes_;
  std::vector<std::unique_ptr<SpoutRunner>> spouts_;
  std::vector<CompletionLane*> completion_lanes_;
  std::vector<CompletionTarget> completion_targets_;
  Tracer* tracer_ = nullptr;          // null: nothing is traced
  std::shared_ptr<Mailbox> mailbox_;  // with posters and wakers that outlive the topology

  // the owner's thread
  Instant now_{};
  Instant flushed_at_{};
  Timers timers_;
  std::size_t next_input_ = 0;
  std::size_t open_tasks_ = 0;
  bool draining_ = false;
  bool ended_ = false;
  bool idle_done_ = false;

  // written by the owner, read by any thread
  std::atomic<bool> idle_{false};
  std::atomic<std::uint64_t> worked_{0};
  std::atomic<std::int64_t> step_began_{0};
  std::atomic<std::uint64_t> busy_ns_{0};
};

}  // namespace bora::internal
