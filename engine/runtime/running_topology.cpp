#include "bora/running_topology.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/plan/describe.hpp"
#include "engine/runtime/pinning.hpp"
#include "engine/runtime/runtime.hpp"

namespace bora {

namespace internal {

/// The threads of a running topology: one per executor, each a loop over step().
class Threads {
 public:
  explicit Threads(Runtime& runtime) : runtime_(runtime) {}

  /// Starts every executor's thread and waits until each has opened its tasks. On failure every thread
  /// has ended again.
  Status start() {
    const Status started = start_threads();
    std::unique_lock lock(mutex_);
    if (!started && open_status_) open_status_ = started;
    changed_.wait(lock, [&] { return opened_ == threads_.size(); });
    go_ = true;
    const Status status = open_status_;
    lock.unlock();
    changed_.notify_all();
    if (!status) join();
    return status;
  }

  void end() {
    for (const auto& executor : runtime_.executors())
      executor->mailbox()->post([e = executor.get()] { e->end(); });
    join();
  }

 private:
  Status start_threads() {
    try {
      const auto& executors = runtime_.executors();
      const std::vector<int> cores =
          runtime_.options().pin_threads ? usable_cores() : std::vector<int>{};
      if (runtime_.options().pin_threads && cores.empty())
        return {
            ErrorKind::kUnavailable,
            "could not learn which cores this process may use, to bind its threads; run without "
            "pin_threads"};
      for (std::size_t n = 0; n < executors.size(); ++n) {
        std::optional<int> core;
        if (!cores.empty()) core = core_of(n, executors.size(), cores);
        threads_.emplace_back([this, core, e = executors[n].get()] { run(*e, core); });
      }
      return {};
    } catch (const std::system_error& e) {
      return {ErrorKind::kUnavailable,
              "could not start thread " + std::to_string(threads_.size() + 1) + " of " +
                  std::to_string(runtime_.executors().size()) + ": " + e.what() +
                  "; give components fewer tasks, or the process more threads"};
    }
  }

  void run(Executor& executor, std::optional<int> core) {
    const std::string name =
        runtime_.plan().name.substr(0, 6) + "." + executor.tasks()[0]->identity.component;
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    Status status = executor.open_tasks();
    if (status && core) status = pin_this_thread(*core);  // what open() started goes where it likes
    {
      std::unique_lock lock(mutex_);
      ++opened_;
      if (!status && open_status_) open_status_ = status;
      changed_.notify_all();
      changed_.wait(lock, [&] { return go_; });
      if (!open_status_) {
        lock.unlock();
        return executor.end();
      }
    }
    loop(executor);
  }

  void loop(Executor& executor) {
    const Clock& clock = runtime_.clock();
    bool just_worked = true;
    std::uint32_t spins = 0;
    Instant now = clock.now();
    for (;;) {
      const Executor::Step step = executor.step(now);
      if (step == Executor::Step::kEnded) return;
      if (step == Executor::Step::kWorked) {
        just_worked = true;
        spins = 0;
        now = executor.now();  // as of the end of its work: the clock costs as much as a few tuples
        continue;
      }
      if (spins < runtime_.options().spins_before_sleep) {
        ++spins;
        pause();
        now = clock.now();
        continue;
      }
      sleep(executor, clock, just_worked ? Parker::Depth::kNap : Parker::Depth::kSleep);
      just_worked = false;
      now = clock.now();
    }
  }

  static void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  static void sleep(Executor& executor, const Clock& clock, Parker::Depth depth) {
    executor.prepare_to_park(depth);
    if (executor.has_work()) return executor.mailbox()->parker.cancel();
    std::optional<std::chrono::nanoseconds> timeout;
    if (const auto due = executor.wake_at(depth, clock.now())) timeout = *due - clock.now();
    executor.mailbox()->parker.park(timeout);
  }

  void join() {
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
  }

  Runtime& runtime_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t opened_ = 0;  // guarded by mutex_
  bool go_ = false;         // guarded by mutex_
  Status open_status_;      // guarded by mutex_; the first failure
};

}  // namespace internal

namespace {
/// How often a stop or a wait looks whether it may go on. Neither is a hot path, and the executors
/// need not know who waits.
constexpr std::chrono::milliseconds kLook{1};
}  // namespace

struct RunningTopology::State {
  State(std::unique_ptr<internal::TopologyPlan> plan, EngineOptions options)
      : runtime(std::move(plan), std::move(options)), threads(runtime) {}

  /// Sleeps for one look, or less when hurried. False when hurried.
  bool pause() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kLook, [&] { return hurried; });
    return !hurried;
  }

  /// Waits until nothing moves any more: two looks with no work between them agree.
  bool wait_quiet(std::chrono::steady_clock::time_point until) {
    for (;;) {
      const std::uint64_t work = runtime.total_work();
      if (runtime.looks_quiet() && runtime.total_work() == work && runtime.looks_quiet() &&
          runtime.total_work() == work)
        return true;
      if (std::chrono::steady_clock::now() >= until || !pause()) return false;
    }
  }

  Status tell(const std::string& name, void (internal::SpoutRunner::*what)()) {
    bool found = false;
    for (internal::SpoutRunner* spout : runtime.spouts()) {
      if (spout->task().identity.component != name) continue;
      found = true;
      spout->executor().mailbox()->post([spout, what] { (spout->*what)(); });
    }
    if (found) return {};
    return {ErrorKind::kNotFound,
            "topology " + runtime.plan().name + " has no spout named '" + name + "'"};
  }

  internal::Runtime runtime;
  internal::Threads threads;
  std::mutex mutex;
  std::condition_variable changed;
  bool hurried = false;               // guarded by mutex
  std::mutex stop_mutex;              // one stop at a time
  std::optional<StopReport> stopped;  // guarded by stop_mutex
};

RunningTopology::RunningTopology(std::unique_ptr<State> state) : state_(std::move(state)) {}

RunningTopology::~RunningTopology() {
  if (state_) (void)stop(std::chrono::milliseconds{0});
}

Result<std::unique_ptr<RunningTopology>> RunningTopology::start(Topology topology,
                                                                EngineOptions options) {
  const std::string name = topology.name();
  std::unique_ptr<State> state;
  try {
    state = std::make_unique<State>(std::move(topology).take_plan(), std::move(options));
  } catch (const std::exception& e) {
    return Error{ErrorKind::kInternal, "topology '" + name + "' cannot be set up: " + e.what()};
  }
  if (Status status = state->threads.start(); !status) return status;
  return std::unique_ptr<RunningTopology>(new RunningTopology(std::move(state)));
}

void RunningTopology::deactivate() {
  for (internal::SpoutRunner* spout : state_->runtime.spouts())
    spout->executor().mailbox()->post([spout] { spout->deactivate(); });
}

void RunningTopology::activate() {
  for (internal::SpoutRunner* spout : state_->runtime.spouts())
    spout->executor().mailbox()->post([spout] { spout->activate(); });
}

Status RunningTopology::deactivate(const std::string& spout) {
  return state_->tell(spout, &internal::SpoutRunner::deactivate);
}

Status RunningTopology::activate(const std::string& spout) {
  return state_->tell(spout, &internal::SpoutRunner::activate);
}

bool RunningTopology::wait_finished(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (!state_->runtime.is_finished() || !state_->runtime.is_settled()) {
    if (std::chrono::steady_clock::now() >= until || !state_->pause()) return false;
  }
  return state_->wait_quiet(until);
}

StopReport RunningTopology::stop(std::chrono::milliseconds deadline) {
  State& s = *state_;
  const std::lock_guard stopping(s.stop_mutex);
  if (s.stopped) return *s.stopped;
  const auto until = std::chrono::steady_clock::now() + deadline;
  StopReport report;
  if (deadline.count() > 0) {
    s.runtime.begin_drain();
    report.drained = s.wait_quiet(until);  // also: every executor has read that it drains
    while (!s.runtime.is_settled() && std::chrono::steady_clock::now() < until && s.pause()) {
    }
    report.drained = s.runtime.is_settled() && s.wait_quiet(until);
  } else {
    report.drained = s.runtime.is_settled() && s.runtime.looks_quiet();
  }
  report.left_in_flight = s.runtime.in_flight();
  report.oldest = s.runtime.metrics().oldest;
  s.threads.end();
  s.stopped = report;
  hurry();  // whoever waits for it to finish waits in vain
  return report;
}

void RunningTopology::hurry() {
  const std::lock_guard lock(state_->mutex);
  state_->hurried = true;
  state_->changed.notify_all();
}

Status RunningTopology::watch(const std::string& component, const std::string& stream,
                              std::chrono::nanoseconds pause,
                              std::function<bool(const TupleSample&)> watcher) {
  internal::Runtime& runtime = state_->runtime;
  if (internal::StreamTap* const tap = runtime.tap(component, stream)) {
    tap->watch(runtime.clock().now(), pause, std::move(watcher));
    return {};
  }
  return {ErrorKind::kNotFound, "in topology " + name() + " nobody reads a stream '" + stream +
                                    "' of a component '" + component + "'"};
}

MetricsSnapshot RunningTopology::metrics() const { return state_->runtime.metrics(); }
const std::string& RunningTopology::name() const noexcept { return state_->runtime.plan().name; }
std::vector<Topology::Node> RunningTopology::nodes() const {
  return internal::nodes_of(state_->runtime.plan());
}
std::vector<Topology::Edge> RunningTopology::edges() const {
  return internal::edges_of(state_->runtime.plan());
}

}  // namespace bora
