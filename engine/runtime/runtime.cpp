#include "engine/runtime/runtime.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bora/check.hpp"
#include "bora/internal/execute_under.hpp"
#include "bora/output.hpp"
#include "bora/spout.hpp"
#include "engine/runtime/lane_queues.hpp"

namespace bora::internal {

Runtime::Runtime(std::unique_ptr<TopologyPlan> plan, EngineOptions options)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : &system_clock_) {
  options_.block_tuples = std::max<std::uint32_t>(1, options_.block_tuples);
  options_.blocks_per_lane = std::max<std::uint32_t>(2, options_.blocks_per_lane);
  make_tasks();
  place_tasks();
  make_ledger();
  wire();
  std::vector<CompletionLane*> lanes;
  for (const auto& executor : executors_) {
    lanes.clear();
    for (SpoutRunner* spout : spouts_)
      lanes.push_back(spout->lane(executor->index()));
    executor->connect(ledger_, lanes, tracer_.get());
  }
}

Runtime::~Runtime() {
  ledger_->close();  // tokens that components still hold do nothing from here on
  for (const auto& executor : executors_)
    executor->mailbox()->close();
}

std::string Runtime::label(const TaskBase& task) {
  return task.identity.component + "[" + std::to_string(task.identity.index) + "]";
}

std::size_t Runtime::index_of(const std::string& component) const {
  const auto& all = plan_->components;
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == component; });
  BORA_CHECK(at != all.end(), component);
  return static_cast<std::size_t>(at - all.begin());
}

namespace {
/// Throws std::runtime_error, with the task's name, when the factory does.
std::unique_ptr<TaskBase> make_task(const ComponentSpec& spec, std::uint32_t index) {
  try {
    return spec.make_task();
  } catch (...) {
    throw std::runtime_error("the factory of " + spec.name + "[" + std::to_string(index) +
                             "] threw: " + describe_current_exception().reason);
  }
}
}  // namespace

void Runtime::make_tasks() {
  tasks_of_.resize(plan_->components.size());
  for (std::size_t c = 0; c < plan_->components.size(); ++c) {
    ComponentSpec& spec = plan_->components[c];
    errors_.push_back(std::make_unique<ErrorLog>());
    for (std::uint32_t i = 0; i < spec.options.tasks; ++i) {
      // The prototype has served its purpose as a description: it becomes the first task.
      tasks_.push_back(i == 0 ? std::move(spec.prototype) : make_task(spec, i));
      TaskBase& task = *tasks_.back();
      task.identity = {spec.name, static_cast<std::uint32_t>(tasks_.size() - 1), i,
                       spec.options.tasks};
      metrics_.push_back(std::make_unique<TaskMetrics>());
      for (std::size_t o = 0; o < task.component().outputs().size(); ++o)
        metrics_.back()->emitted.push_back(std::make_unique<std::atomic<std::uint64_t>>(0));
      task.metrics = metrics_.back().get();
      tasks_of_[c].push_back(&task);
    }
  }
}

/// A local task shares the executor of the task that it is local to; every other one gets its own.
/// Components stand in topological order here, as validate() sorted them.
void Runtime::place_tasks() {
  for (std::size_t c = 0; c < plan_->components.size(); ++c) {
    const ComponentSpec& spec = plan_->components[c];
    const auto local = std::find_if(spec.subscriptions.begin(), spec.subscriptions.end(),
                                    [](const auto& s) { return s.grouping == Grouping::kLocal; });
    for (std::size_t i = 0; i < tasks_of_[c].size(); ++i) {
      if (local != spec.subscriptions.end()) {
        static_cast<Executor*>(tasks_of_[index_of(local->from)][i]->context)
            ->add_task(*tasks_of_[c][i]);
      } else {
        executors_.push_back(
            std::make_unique<Executor>(*this, static_cast<std::uint32_t>(executors_.size())));
        executors_.back()->add_task(*tasks_of_[c][i]);
      }
    }
  }
}

void Runtime::make_ledger() {
  std::uint32_t owners = 0;
  std::uint32_t most = 1;
  for (const ComponentSpec& spec : plan_->components) {
    if (spec.kind != ComponentKind::kSpout) continue;
    owners += spec.options.tasks;
    most = std::max(most, spec.options.max_in_flight);
  }
  const bool is_tracing = options_.spans != nullptr;
  first_traced_slot_ = most;
  ledger_ = std::make_shared<Ledger>(owners, most + (is_tracing ? Tracer::kSlots : 0));
  if (is_tracing)
    tracer_ = std::make_unique<Tracer>(
        Tracer::Setup{&options_, clock_, plan_->name, ledger_.get(), owners,
                      static_cast<std::uint32_t>(tasks_.size()), first_traced_slot_});
  ledger_->set_names([this](std::uint32_t task) {
    return Failure{{},
                   FailureKind::kError,
                   tasks_[task]->identity.component,
                   tasks_[task]->identity.index,
                   {}};
  });
  std::uint32_t owner = 0;
  for (std::size_t c = 0; c < plan_->components.size(); ++c) {
    const ComponentSpec& spec = plan_->components[c];
    if (spec.kind != ComponentKind::kSpout) continue;
    for (TaskBase* task : tasks_of_[c]) {
      auto& executor = static_cast<Executor&>(*task->context);
      SpoutTraces* const traces = is_tracing ? &tracer_->spout(owner) : nullptr;
      auto runner = std::make_unique<SpoutRunner>(*this, executor, static_cast<SpoutTask&>(*task),
                                                  owner, spec.options.max_in_flight, traces);
      ledger_->set_owner(owner++, *runner, static_cast<SpoutTask&>(*task).roots);
      for (std::size_t e = 0; e < executors_.size(); ++e) {
        auto lane = std::make_unique<CompletionLane>();
        const std::uint32_t slots = std::bit_ceil(spec.options.max_in_flight);
        lane->slots = std::make_unique<TreeRef[]>(slots);
        lane->mask = slots - 1;
        runner->add_lane(std::move(lane));
      }
      spouts_.push_back(runner.get());
      executor.add_spout(std::move(runner));
    }
  }
}

/// The first consumer's lanes show the stream; null for the others.
StreamTap* Runtime::make_tap(const SubscriptionSpec& subscription) {
  const auto [at, is_new] = taps_.try_emplace({subscription.from, subscription.stream});
  if (!is_new) return nullptr;
  at->second = std::make_unique<StreamTap>();
  return at->second.get();
}

StreamTap* Runtime::tap(const std::string& component, const std::string& stream) const {
  const auto found = taps_.find({component, stream});
  return found == taps_.end() ? nullptr : found->second.get();
}

void Runtime::wire() {
  for (std::size_t c = 0; c < plan_->components.size(); ++c) {
    for (const SubscriptionSpec& subscription : plan_->components[c].subscriptions) {
      StreamTap* const tap = make_tap(subscription);
      const std::vector<TaskBase*>& producers = tasks_of_[index_of(subscription.from)];
      for (std::size_t p = 0; p < producers.size(); ++p) {
        WiringRequest request;
        request.producer = producers[p];
        if (subscription.grouping == Grouping::kLocal) {
          request.consumers = {tasks_of_[c][p]};
        } else {
          request.consumers = tasks_of_[c];
        }
        const auto& outputs = producers[p]->component().outputs();
        const auto output = std::find_if(outputs.begin(), outputs.end(), [&](const OutputBase* o) {
          return o->name() == subscription.stream;
        });
        BORA_CHECK(output != outputs.end(), subscription.stream);
        for (auto& lane : subscription.wire(**output, request)) {
          static_cast<Executor&>(*lane->producer().context).add_output_lane(*lane);
          static_cast<Executor&>(*lane->consumer().context).add_input(*lane, tap);
          lanes_.push_back(std::move(lane));
        }
      }
    }
  }
  for (std::size_t c = 0; c < plan_->components.size(); ++c)
    for (TaskBase* task : tasks_of_[c])
      allow_passing_on(*task, plan_->components[c]);
}

/// A bolt may pass its input on in place when it has one output stream, of its input's type, with one
/// lane: then an input block has one way to go.
void Runtime::allow_passing_on(TaskBase& task, const ComponentSpec& spec) {
  if (spec.kind != ComponentKind::kBolt || task.component().outputs().size() != 1) return;
  LaneBase* only = nullptr;
  for (const auto& lane : lanes_) {
    if (&lane->producer() != &task) continue;
    if (only != nullptr) return;
    only = lane.get();
  }
  if (only == nullptr || !task.mutates()) return;
  if (task.input_type() != task.component().outputs()[0]->type()) return;
  for (const ComponentSpec& other : plan_->components)
    for (const SubscriptionSpec& s : other.subscriptions)
      if (s.from == spec.name && !s.keeps_type) return;
  only->allow_in_place();
}

void Runtime::begin_drain() {
  for (const auto& executor : executors_)
    executor->mailbox()->post([e = executor.get()] { e->begin_drain(); });
}

bool Runtime::is_settled() const noexcept {
  return std::all_of(spouts_.begin(), spouts_.end(), [](const auto* s) { return s->is_settled(); });
}

bool Runtime::is_finished() const noexcept {
  return std::all_of(spouts_.begin(), spouts_.end(),
                     [](const auto* s) { return s->is_finished(); });
}

bool Runtime::looks_quiet() const noexcept {
  const bool idle = std::all_of(executors_.begin(), executors_.end(), [](const auto& e) {
    return e->is_idle() && !e->mailbox()->has_mail();
  });
  return idle && std::all_of(lanes_.begin(), lanes_.end(),
                             [](const auto& lane) { return lane->queues().full.is_empty(); });
}

std::uint64_t Runtime::total_work() const noexcept {
  std::uint64_t work = 0;
  for (const auto& executor : executors_)
    work += executor->steps_worked();
  return work;
}

std::uint64_t Runtime::in_flight() const noexcept {
  std::uint64_t sum = 0;
  for (const SpoutRunner* spout : spouts_)
    sum += spout->in_flight();
  return sum;
}

void Runtime::report(const TaskBase& task, std::string text, std::string detail) {
  const std::size_t component = index_of(task.identity.component);
  const std::string whole = text + detail;
  const bool log = errors_[component]->add(clock_->now(), clock_->wall_now(), task.identity.index,
                                           std::move(text), std::move(detail));
  if (log && options_.on_event) options_.on_event(label(task), whole);
}

MetricsSnapshot Runtime::metrics() const {
  MetricsSnapshot s;
  s.topology = plan_->name;
  s.bytes_in_flight = bytes_in_flight.load(std::memory_order_relaxed);
  for (const auto& task : tasks_) {
    const TaskMetrics& m = *task->metrics;
    const auto& executor = static_cast<const Executor&>(*task->context);
    TaskMetricsSnapshot t;
    t.component = task->identity.component;
    t.task = task->identity.index;
    t.executed = m.executed.load(std::memory_order_relaxed);
    t.failed = m.failed.load(std::memory_order_relaxed);
    t.acked = m.acked.load(std::memory_order_relaxed);
    t.opened = m.opened.load(std::memory_order_relaxed);
    for (const SpoutRunner* spout : spouts_) {
      if (&spout->task() != task.get()) continue;
      t.is_spout = true;
      t.source = spout->source_name();
      t.lags = spout->task().spout().partition_lags();
      t.in_flight = spout->in_flight();
      if (auto oldest = spout->oldest()) s.oldest.push_back(*std::move(oldest));
    }
    for (std::size_t i = 0; i < m.emitted.size(); ++i)
      t.streams.push_back(
          {task->component().outputs()[i]->name(), m.emitted[i]->load(std::memory_order_relaxed)});
    t.queue = m.queue.snapshot();
    t.execute = m.execute.snapshot();
    t.complete = m.complete.snapshot();
    t.queued_blocks = executor.queued_blocks(*task);
    t.busy_ns = executor.busy_ns();
    t.gauges = task->component().gauges();
    s.tasks.push_back(std::move(t));
  }
  for (std::size_t c = 0; c < errors_.size(); ++c)
    if (auto last = errors_[c]->last(); !last.empty())
      s.errors.push_back({plan_->components[c].name, std::move(last)});
  const Instant now = clock_->now();
  for (const auto& executor : executors_) {
    const Instant began = executor->step_began();
    if (began == Instant{} || now - began < std::chrono::seconds{1}) continue;
    s.stuck.emplace_back(label(task(executor->current_task.load(std::memory_order_relaxed))),
                         now - began);
  }
  return s;
}

}  // namespace bora::internal
