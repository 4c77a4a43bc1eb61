#include "engine/runtime/executor.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "bora/bolt.hpp"
#include "bora/internal/execute_under.hpp"
#include "engine/ack/ledger.hpp"
#include "engine/runtime/lane_queues.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/runtime/spout_runner.hpp"
#include "engine/runtime/stream_tap.hpp"

namespace bora::internal {

namespace {
thread_local ExecutorContext* t_current = nullptr;

/// Runs of tuples per step: bounds the time until the control lane is looked at again.
constexpr int kRunsPerStep = 16;
/// A run is meant to take at most this long, so that what it emits leaves in time.
constexpr std::chrono::microseconds kRunTime{200};

/// Longest nap: what a producer that stops in the middle of its work can keep from its consumer.
constexpr std::chrono::milliseconds kNap{1};

/// Makes a context current for the length of a step, and restores what was: a simulated topology may
/// be stepped from inside another's.
class CurrentContext {
 public:
  explicit CurrentContext(ExecutorContext* context) noexcept
      : before_(std::exchange(t_current, context)) {}
  ~CurrentContext() { t_current = before_; }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  ExecutorContext* before_;
};
}  // namespace

ExecutorContext* ExecutorContext::current() noexcept { return t_current; }

Executor::Executor(Runtime& runtime, std::uint32_t index)
    : runtime_(runtime),
      index_(index),
      clock_(&runtime.clock()),
      mailbox_(std::make_shared<Mailbox>()),
      now_(runtime.clock().now()),
      flushed_at_(now_) {}

Executor::~Executor() {
  mailbox_->close();
  for (Input& input : inputs_) {
    if (input.current == nullptr) continue;
    if (input.passes_on_to != nullptr) input.passes_on_to->undo_in_place(input.current);
    input.lane->dispose(input.current);
  }
}

const EngineOptions& Executor::options() const noexcept { return runtime_.options(); }

void Executor::add_task(TaskBase& task) {
  task.context = this;
  tasks_.push_back(&task);
  if (tasks_.size() == 1) current_task.store(task.identity.id, std::memory_order_relaxed);
  if (auto* bolt = dynamic_cast<BoltBase*>(&task.component())) bolts_.emplace_back(bolt, &task);
  for (OutputBase* output : task.component().outputs())
    output->bind(*this);
}

void Executor::add_input(LaneBase& lane, StreamTap* tap) {
  const std::size_t at = lane.queues().to_itself ? own_inputs_++ : inputs_.size();
  inputs_.insert(inputs_.begin() + static_cast<std::ptrdiff_t>(at),
                 {&lane, &lane.consumer(), tap, nullptr, nullptr, 8});
}
void Executor::add_output_lane(LaneBase& lane) { output_lanes_.push_back(&lane); }
void Executor::add_spout(std::unique_ptr<SpoutRunner> spout) {
  spouts_.push_back(std::move(spout));
}

void Executor::connect(std::shared_ptr<Ledger> ledger, std::vector<CompletionLane*> completions,
                       Tracer* tracer) {
  tracer_ = tracer;
  ledger_ = std::move(ledger);
  pending_ = ledger_->counts();
  owner_shift_ = ledger_->owner_shift();
  completion_lanes_ = std::move(completions);
  completions_ = completion_lanes_.data();
  for (std::size_t owner = 0; owner < completion_lanes_.size(); ++owner)
    completion_targets_.push_back({completion_lanes_[owner], runtime_.spouts()[owner], 0, {}});
  for (Input& input : inputs_)
    input.passes_on_to = passing_lane_of(*input.task);
}

LaneBase* Executor::passing_lane_of(const TaskBase& task) const {
  for (LaneBase* lane : output_lanes_)
    if (&lane->producer() == &task && lane->allows_in_place()) return lane;
  return nullptr;
}

void Executor::read_clock() { now_ = clock_->now(); }

Status Executor::open_tasks() {
  const CurrentContext current(this);
  begin(kUntracked);
  for (TaskBase* task : tasks_) {
    Status status;
    try {
      status = task->component().open(task->surroundings);
    } catch (const std::exception& e) {
      status = Status{ErrorKind::kInternal, e.what()};
    } catch (...) {
      status = Status{ErrorKind::kInternal, "an exception that is no std::exception"};
    }
    if (!status)
      return Status{status.error().kind,
                    Runtime::label(*task) + " did not open: " + status.error().message};
    ++open_tasks_;
  }
  for (auto& spout : spouts_)
    spout->start();
  return {};
}

Executor::Step Executor::step(Instant now) {
  if (ended_) return Step::kEnded;
  const CurrentContext current(this);
  now_ = now;
  const Instant began = now;
  step_began_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  idle_.store(false, std::memory_order_relaxed);

  bool worked = read_mail();
  if (ended_) {
    step_began_.store(0, std::memory_order_relaxed);
    return Step::kEnded;
  }
  worked |= run_timers();
  worked |= unblock();
  worked |= run_inputs();
  worked |= run_spouts();
  if (worked) {
    idle_done_ = false;
    if (now_ - flushed_at_ >= options().linger) flush_outputs();
    publish_completions(false);
    worked_.store(worked_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  } else {
    if (!idle_done_) go_idle();
    publish_completions(true);
    // A blocked one has work: it only cannot do it yet. Who waits for quiet must wait for that, too.
    idle_.store(blocked_lanes == 0, std::memory_order_seq_cst);
  }
  publish_metrics();
  step_began_.store(0, std::memory_order_relaxed);
  if (worked)
    busy_ns_.store(busy_ns_.load(std::memory_order_relaxed) +
                       static_cast<std::uint64_t>((now_ - began).count()),
                   std::memory_order_relaxed);
  return worked ? Step::kWorked : Step::kIdle;
}

bool Executor::read_mail() {
  if (!mailbox_->has_mail()) return false;
  for (Mailbox::Letter& letter : mailbox_->take()) {
    begin(kUntracked);
    letter();
    if (ended_) break;
  }
  return true;
}

bool Executor::run_timers() {
  bool ran = false;
  // No more than there are: one that sets itself again at once must not keep the rest from running.
  for (std::size_t left = timers_.size(); left > 0; --left) {
    const auto fn = timers_.take_due(now_);
    if (!fn) break;
    begin(kUntracked);
    (*fn)();
    ran = true;
  }
  return ran;
}

bool Executor::unblock() {
  bool moved = false;
  for (LaneBase* lane : output_lanes_)
    moved |= lane->try_unblock();
  return moved;
}

bool Executor::run_inputs() {
  bool worked = run_own_inputs();
  for (int run = 0; run < kRunsPerStep && blocked_lanes == 0; ++run) {
    bool ran = false;
    const std::size_t others = inputs_.size() - own_inputs_;
    for (std::size_t tried = 0; tried < others && !ran; ++tried) {
      next_input_ = next_input_ + 1 < others ? next_input_ + 1 : 0;
      ran = run_input(inputs_[own_inputs_ + next_input_]);
    }
    if (!ran) break;
    run_own_inputs();
    worked = true;
  }
  return worked;
}

bool Executor::run_own_inputs() {
  bool worked = false;
  for (std::size_t i = 0; i < own_inputs_; ++i) {
    Input& input = inputs_[i];
    while (blocked_lanes == 0 && (run_input(input) || input.lane->refill_itself()))
      worked = true;
  }
  return worked;
}

bool Executor::run_input(Input& input) {
  TaskMetrics& metrics = *input.task->metrics;
  if (input.current == nullptr) {
    input.current = input.lane->try_take();
    if (input.current == nullptr) return false;
    const auto waited = (now_ - input.current->pushed_at).count();
    metrics.queue.record(waited > 0 ? static_cast<std::uint64_t>(waited) : 0, input.current->count);
  }
  Block& block = *input.current;
  const std::uint32_t before = block.read;
  const Instant began = now_;
  if (input.tap != nullptr && input.tap->is_due(began)) [[unlikely]]
    show_next(input);
  std::uint32_t most = input.quota;
  Tracer::Hop hop;
  std::uint64_t failed = 0;
  if (tracer_ != nullptr) [[unlikely]] {
    const TreeRef tree = tracer_->next_in(block, most);
    if (tree != kUntracked) hop = tracer_->begin(tree, input.lane->producer(), *input.task);
    failed = metrics.failed.load(std::memory_order_relaxed);
  }
  const Instant queued = block.pushed_at;
  input.task->run(block, most);
  read_clock();
  const std::uint32_t done = block.read - before;
  if (done > 0) {
    if (hop.tree != kUntracked) [[unlikely]] {
      const bool threw = metrics.failed.load(std::memory_order_relaxed) != failed;
      tracer_->end(hop, *input.task, {queued, began, now_}, threw ? "execute() failed" : "");
    }
    const auto took = static_cast<std::uint64_t>((now_ - began).count());
    metrics.execute.record(took / done, done);
    if (now_ - began > kRunTime) {
      input.quota = std::max<std::uint32_t>(1, input.quota / 2);
    } else {
      input.quota = std::min<std::uint32_t>(input.quota * 2, block.capacity);
    }
  }
  if (block.read == block.count) finish_block(input);
  return true;
}

void Executor::show_next(const Input& input) {
  const Block& block = *input.current;
  input.tap->offer(now_, [&] {
    TupleSample sample;
    if (const TreeRef ref = block.refs[block.read]; ref != kUntracked) {
      const TreeRef tree = ledger_->trees_of(ref).front();
      const SpoutRunner& spout = *runtime_.spouts()[tree >> owner_shift_];
      sample.message = spout.task().roots.slots[tree - spout.task().roots.base].id;
      sample.source = spout.source_name();
    }
    input.lane->append_next(sample.json, block);
    return sample;
  });
}

std::optional<TraceContext> Executor::trace_of(const TaskBase& task) const {
  if (tracer_ == nullptr || anchor() == kUntracked) return std::nullopt;
  const TreeRef tree = tracer_->traced_tree(anchor());
  if (tree == kUntracked) return std::nullopt;
  return tracer_->context(tree, task.identity.id);
}

void Executor::finish_block(Input& input) {
  Block* block = std::exchange(input.current, nullptr);
  if (input.passes_on_to != nullptr) block = input.passes_on_to->finish_in_place(block);
  input.lane->give_back(block);
}

bool Executor::run_spouts() {
  bool worked = false;
  for (auto& spout : spouts_) {
    publish_completions(false);
    worked |= spout->settle();
    if (blocked_lanes == 0) worked |= spout->poll();
    worked |= run_own_inputs();
  }
  if (worked && !spouts_.empty()) read_clock();
  return worked;
}

void Executor::go_idle() {
  idle_done_ = true;
  for (const auto& [bolt, task] : bolts_) {
    begin(kUntracked);
    current_task.store(task->identity.id, std::memory_order_relaxed);
    try {
      if (draining_) bolt->on_drain();
      bolt->on_idle();
    } catch (...) {
      runtime_.report(*task, "on_idle threw: " + describe_current_exception().reason);
    }
  }
  flush_outputs();
}

void Executor::flush_outputs() {
  for (LaneBase* lane : output_lanes_) {
    lane->flush();
    lane->wake_consumer();
  }
  flushed_at_ = now_;
}

void Executor::publish_completions(bool idle) {
  for (CompletionTarget& target : completion_targets_) {
    CompletionLane& lane = *target.lane;
    const std::uint32_t fresh = lane.tail - lane.signalled;
    if (fresh != 0) {
      // seq_cst: ordered before the look at whether the spout sleeps, see Parker.
      lane.published_tail.store(lane.tail, std::memory_order_seq_cst);
      lane.signalled = lane.tail;
      target.since_wake += fresh;
    }
    if (target.since_wake == 0) continue;
    // A spout that sleeps for room is woken for a good part of it, or when nothing more comes soon: what
    // a slow bolt completes is not kept from it until there is as much. One that wakes by itself, and
    // soon, is left alone.
    const bool is_time = idle || now_ - target.woken_at >= kLongestOwed;
    if (target.since_wake >= target.owner->wake_threshold() ||
        (is_time && !target.owner->wakes_soon())) {
      target.since_wake = 0;
      target.woken_at = now_;
      target.owner->executor().wake();
    }
  }
}

void Executor::publish_metrics() {
  for (TaskBase* task : tasks_) {
    TaskMetrics& m = *task->metrics;
    m.executed.store(task->executed, std::memory_order_relaxed);
    const auto& outputs = task->component().outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i)
      m.emitted[i]->store(outputs[i]->emitted(), std::memory_order_relaxed);
  }
  for (auto& spout : spouts_)
    spout->publish_metrics();
}

bool Executor::has_work() {
  if (mailbox_->has_mail()) return true;
  if (blocked_lanes == 0) {
    for (const Input& input : inputs_)
      if (input.current != nullptr || !input.lane->queues().full.is_empty()) return true;
  }
  for (LaneBase* lane : output_lanes_) {
    const LaneQueues& q = lane->queues();
    if (q.overflow.empty()) continue;
    if (q.on_their_way < q.limit) return true;
    // Not at one free block: half of the lane, see LaneBase::give_back.
    if (q.full.size() <= q.limit / 2 && !q.empty.is_empty()) return true;
  }
  for (auto& spout : spouts_)
    if (spout->has_work()) return true;
  return false;
}

std::optional<Instant> Executor::wake_at(Parker::Depth depth, Instant now) const {
  const auto due = next_due();
  if (depth != Parker::Depth::kNap) return due;
  return due ? std::min(*due, now + kNap) : now + kNap;
}

void Executor::prepare_to_park(Parker::Depth depth) noexcept {
  mailbox_->parker.prepare(depth);
  for (LaneBase* lane : output_lanes_) {
    LaneQueues& q = lane->queues();
    q.producer_waits.store(!q.overflow.empty(), std::memory_order_seq_cst);
  }
  for (auto& spout : spouts_)
    spout->prepare_to_park();
}

std::optional<Instant> Executor::next_due() const {
  std::optional<Instant> due = timers_.next_due();
  for (const auto& spout : spouts_) {
    const auto other = spout->next_due();
    if (other && (!due || *other < *due)) due = other;
  }
  return due;
}

void Executor::begin_drain() {
  draining_ = true;
  idle_done_ = false;
  for (auto& spout : spouts_)
    spout->begin_drain();
}

void Executor::end() {
  if (ended_) return;
  ended_ = true;
  const CurrentContext current(this);
  begin(kUntracked);
  for (std::size_t i = 0; i < open_tasks_; ++i) {
    try {
      tasks_[i]->component().close();
    } catch (const std::exception& e) {
      runtime_.report(*tasks_[i], std::string("close() threw: ") + e.what());
    } catch (...) {
      runtime_.report(*tasks_[i], "close() threw an exception that is no std::exception");
    }
  }
  open_tasks_ = 0;
  timers_.clear();
  mailbox_->close();
  publish_metrics();
  idle_.store(true, std::memory_order_seq_cst);
}

void Executor::set_timer(std::chrono::nanoseconds delay, std::chrono::nanoseconds period,
                         std::function<void()> fn) {
  timers_.add(clock_->now() + delay, period, std::move(fn));
}

void Executor::answer(LocateRequest& request) {
  visit_queued([&](std::span<const TreeRef> refs, std::uint32_t task) {
    for (const TreeRef ref : refs) {
      for (TreeRef tree : ledger_->trees_of(ref))
        request.found(tree, task);
    }
  });
  request.answered(index_);
}

void Executor::visit_queued(
    const std::function<void(std::span<const TreeRef>, std::uint32_t)>& visit) const {
  const auto look = [&](const Block& block, std::uint32_t from, std::uint32_t task) {
    visit({block.refs + from, block.refs + block.count}, task);
  };
  for (const Input& input : inputs_) {
    if (input.current != nullptr)
      look(*input.current, input.current->read, input.task->identity.id);
    input.lane->queues().full.peek([&](Block* block) { look(*block, 0, input.task->identity.id); });
  }
  for (const LaneBase* lane : output_lanes_) {
    const std::uint32_t consumer = lane->consumer().identity.id;
    for (const Block* block : lane->queues().overflow)
      look(*block, 0, consumer);
    visit(lane->open_refs(), consumer);
    visit(lane->passed_on_in_place(), consumer);
  }
}

std::uint64_t Executor::queued_blocks(const TaskBase& task) const noexcept {
  std::uint64_t blocks = 0;
  for (const Input& input : inputs_)
    if (input.task == &task) blocks += input.lane->queues().full.size();
  return blocks;
}

// --- the slow side of ExecutorContext ---

void ExecutorContext::raise_joint(TreeRef ref) { ledger_->raise_joint(ref); }

void ExecutorContext::release_shared(TreeRef ref) {
  if ((ref & kJointBit) != 0) {
    for (TreeRef part : ledger_->release_joint(ref))
      release(part);
  } else if (ledger_->release_count(ref)) {
    complete(ref);
  }
}

const TaskBase* ExecutorContext::task_of(std::uint32_t id) const noexcept {
  return &static_cast<const Executor*>(this)->runtime().task(id);
}

void ExecutorContext::fail(TreeRef ref, FailureKind kind, std::string reason) {
  auto& self = static_cast<Executor&>(*this);
  const TaskBase& task = self.runtime().task(current_task.load(std::memory_order_relaxed));
  TaskMetrics& metrics = *task.metrics;
  metrics.failed.store(metrics.failed.load(std::memory_order_relaxed) + 1,
                       std::memory_order_relaxed);
  MessageId id;
  if (ref != kUntracked) {
    id = ledger_->fail(ref, {{}, kind, task.identity.component, task.identity.index, reason});
  }
  if (kind == FailureKind::kAbandoned) return;  // part of every drain: no event
  if (ref == kUntracked)
    return self.runtime().report(task, std::move(reason), " (an untracked tuple)");
  const TreeRef tree = ledger_->trees_of(ref).front();
  const SpoutRunner& spout = *self.runtime().spouts()[tree >> owner_shift_];
  self.runtime().report(task, std::move(reason), " (" + spout.name_of(id) + ")");
}

void ExecutorContext::fail_current(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Permanent& e) {
    fail(anchor(), FailureKind::kPermanent, e.what());
  } catch (const Unavailable& e) {
    fail(anchor(), FailureKind::kUnavailable, e.what());
  } catch (const std::exception& e) {
    fail(anchor(), FailureKind::kError, e.what());
  } catch (...) {
    fail(anchor(), FailureKind::kError, "an exception that is no std::exception");
  }
}

}  // namespace bora::internal
