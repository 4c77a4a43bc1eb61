#include "engine/sim/simulator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bora/failure.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/sim/inspector.hpp"
#include "engine/sim/scheduler.hpp"

namespace bora::testing {

using internal::FaultyTask;
using internal::Inspector;
using internal::Runtime;

namespace {
/// Effects until a crash that comes in the middle of a step, at most.
constexpr std::uint64_t kEffectsPerLife = 200;
constexpr std::uint64_t kActsPerJump = 400;

template <class T>
void shuffle(std::vector<T>& values, Dice& dice) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[dice.below(i)]);
}
}  // namespace

Simulation::Simulation(World& world, Factory factory, SimulationOptions options)
    : world_(world), factory_(std::move(factory)), options_(std::move(options)) {}

Simulation& Simulation::always(std::function<std::string()> check) {
  checks_.push_back(std::move(check));
  return *this;
}

Simulation& Simulation::until(std::function<bool()> done) {
  done_ = std::move(done);
  return *this;
}

SimulationReport Simulation::run() {
  return Simulator{world_, factory_, options_, checks_, done_}.run();
}

Simulator::Simulator(World& world, const Simulation::Factory& factory,
                     const SimulationOptions& options,
                     const std::vector<std::function<std::string()>>& checks,
                     const std::function<bool()>& done)
    : world_(world),
      factory_(factory),
      options_(options),
      checks_(checks),
      done_(done),
      dice_(world.seed() ^ 0x5eed'0000'0000'0000ULL) {
  world_.trace_ = options.trace;
  world_.clock_.tick = std::chrono::nanoseconds{dice_.one_in(2) ? 0 : dice_.below(20'000)};
  throw_one_in_ = dice_.one_in(4) ? 0 : options.throw_one_in;
  report_.seed = world.seed();
}

SimulationReport Simulator::run() {
  std::vector<End> ends(dice_.below(options_.max_crashes + 1), End::kCrash);
  ends.insert(ends.end(), dice_.below(options_.max_restarts + 1), End::kRestart);
  shuffle(ends, dice_);
  ends.push_back(End::kQuiet);
  for (const End end : ends) {
    live(end);
    if (spans_.faults != 0)
      world_.violations_.push_back("a span without an id, or of less than no time");
    if (!world_.violations_.empty()) break;
  }
  report_.violations = world_.violations_;
  report_.steps = world_.step_;
  report_.trace_hash = world_.hash_;
  return report_;
}

void Simulator::live(End end) {
  world_.start_life();
  world_.tell("life " + std::to_string(world_.life()) + " begins");
  std::unique_ptr<Runtime> runtime = make_runtime();
  if (runtime == nullptr) return;
  inspector_ = std::make_unique<Inspector>(
      *runtime, [this](const std::string& fault) { world_.expect(false, fault); });
  scheduler_ = std::make_unique<Scheduler>(world_, *runtime, dice_.fork());
  if (end == End::kCrash && dice_.one_in(2)) world_.crash_before(dice_.between(1, kEffectsPerLife));
  if (open(*runtime)) {
    work(*runtime, end);
    if (end != End::kCrash && !is_over()) drain(*runtime);
  }
  if (end == End::kCrash || !world_.alive_) ++report_.crashes;
  count(*runtime);
  world_.end_life();
  world_.tell("life " + std::to_string(world_.life()) + " ends");
  scheduler_.reset();
  inspector_.reset();
  runtime.reset();
  world_.work_.clear();  // and with it tokens that outlived their topology
}

std::unique_ptr<Runtime> Simulator::make_runtime() {
  Result<Topology> topology = factory_();
  if (!topology) {
    world_.expect(false, "the topology was not built: " + topology.error().message);
    return nullptr;
  }
  auto plan = std::move(topology).value().take_plan();
  for (internal::ComponentSpec& spec : plan->components) {
    if (spec.kind == internal::ComponentKind::kSpout) {
      const std::uint32_t most = std::max(options_.least_in_flight, spec.options.max_in_flight);
      const std::uint32_t some = options_.least_in_flight +
                                 static_cast<std::uint32_t>(dice_.below(dice_.one_in(2) ? 8 : 128));
      spec.options.max_in_flight = std::min(most, some);
      continue;
    }
    if (throw_one_in_ == 0) continue;
    const auto wrap = [this](std::unique_ptr<internal::TaskBase> task) {
      return std::make_unique<FaultyTask>(
          std::move(task), [this](const internal::TaskIdentity& who) { return decide(who); });
    };
    spec.prototype = wrap(std::move(spec.prototype));
    spec.make_task = [wrap, make = std::move(spec.make_task)] { return wrap(make()); };
  }
  return std::make_unique<Runtime>(std::move(plan), engine_options());
}

EngineOptions Simulator::engine_options() {
  EngineOptions options;
  options.block_tuples = static_cast<std::uint32_t>(dice_.one_in(8) ? 64 : dice_.between(1, 8));
  options.blocks_per_lane = static_cast<std::uint32_t>(dice_.between(2, 8));
  options.message_timeout = std::chrono::milliseconds{dice_.between(200, 2000)};
  options.linger = std::chrono::microseconds{dice_.below(500)};
  options.spins_before_sleep = static_cast<std::uint32_t>(dice_.below(4));
  if (dice_.one_in(3)) options.max_in_flight_bytes = dice_.between(64, 4096);
  options.clock = &world_.clock_;
  if (world_.seed() % 3 == 0) {  // no dice: which seed does what does not hang on it
    options.spans = &spans_;
    options.trace_share = 0.3;
    options.trace_seed = world_.seed();
  }
  if (world_.trace_)
    options.on_event = [this](const std::string& component, const std::string& text) {
      world_.tell(component + ": " + text);
    };
  return options;
}

FaultyTask::Fault Simulator::decide(const internal::TaskIdentity& task) {
  const auto when = dice_.one_in(2) ? FaultyTask::When::kBefore : FaultyTask::When::kAfter;
  if (world_.is_quiet() || !dice_.one_in(throw_one_in_)) return {};
  ++report_.thrown;
  world_.note(task.id);
  world_.tell((when == FaultyTask::When::kBefore ? "throws before execute() in "
                                                 : "throws after execute() in ") +
              task.component + "[" + std::to_string(task.index) + "]");
  const std::uint64_t kind = dice_.below(3);
  if (kind == 1 && options_.throw_unavailable)
    return {when, std::make_exception_ptr(Unavailable("injected by the simulation"))};
  if (kind == 2 && options_.throw_permanent)
    return {when, std::make_exception_ptr(Permanent("injected by the simulation"))};
  return {when, std::make_exception_ptr(std::runtime_error("injected by the simulation"))};
}

/// False when a component did not open: the process ends, as its program would.
bool Simulator::open(Runtime& runtime) {
  std::vector<internal::Executor*> executors;
  for (const auto& executor : runtime.executors())
    executors.push_back(executor.get());
  shuffle(executors, dice_);
  for (internal::Executor* executor : executors) {
    const Status status = executor->open_tasks();
    if (status) continue;
    world_.expect(status.is_retryable() && !world_.is_quiet(), status.message());
    close(runtime);
    world_.end_life();
    return false;
  }
  return true;
}

bool Simulator::is_over() const { return !world_.alive_ || !world_.violations_.empty(); }

bool Simulator::act() {
  ++world_.step_;
  if (options_.jump_clocks && !world_.is_quiet() && dice_.one_in(kActsPerJump)) jump();
  const bool moves = scheduler_->act();
  inspector_->look();
  for (const auto& check : checks_) {
    const std::string fault = check();
    world_.expect(fault.empty(), fault);
  }
  return moves && !is_over();
}

void Simulator::jump() {
  const std::chrono::milliseconds by{dice_.between(1, 20'000)};
  world_.tell("a clock jumps by " + std::to_string(by.count()) + " ms");
  switch (dice_.below(3)) {
    case 0: world_.clock_.instant += by; break;  // both clocks: the machine was suspended
    case 1: world_.clock_.wall_offset += by; break;
    default: world_.clock_.wall_offset -= by; break;
  }
}

void Simulator::work(Runtime& runtime, End end) {
  for (std::uint64_t left = dice_.between(1, 2 * options_.steps_per_life); left > 0; --left)
    if (!act()) return;
  if (end != End::kQuiet) return;
  world_.tell("from here on nothing fails");
  world_.quiet_ = true;
  const auto is_done = [&] {
    return done_ ? done_() : runtime.is_finished() && runtime.is_settled();
  };
  for (std::uint64_t steps = 0; !is_done(); ++steps) {
    const bool moves = act();
    if (is_over()) return;
    if (moves && steps < options_.max_quiet_steps) continue;
    world_.expect(
        false, "not everything is done, although nothing fails any more; " + what_is_left(runtime));
  }
}

void Simulator::drain(Runtime& runtime) {
  world_.tell("drains");
  runtime.begin_drain();
  const auto is_drained = [&] { return runtime.is_settled() && runtime.looks_quiet(); };
  for (std::uint64_t steps = 0; !is_drained(); ++steps) {
    (void)act();
    if (is_over()) return;
    if (steps < options_.max_quiet_steps) continue;
    world_.expect(false, "the drain does not come to an end; " + what_is_left(runtime));
  }
  inspector_->look_after_drain();
  close(runtime);
  ++report_.restarts;
  // Threads that the engine does not know may come too late.
  while (dice_.one_in(2) && world_.run_work()) {
  }
}

void Simulator::close(Runtime& runtime) {
  std::vector<internal::Executor*> executors;
  for (const auto& executor : runtime.executors())
    executors.push_back(executor.get());
  shuffle(executors, dice_);
  for (internal::Executor* executor : executors)
    executor->end();
}

std::string Simulator::what_is_left(const Runtime& runtime) const {
  std::string text = std::to_string(runtime.in_flight()) + " messages are in flight";
  const MetricsSnapshot metrics = runtime.metrics();
  for (const OldestInFlight& oldest : metrics.oldest)
    text += "; the oldest of " + oldest.spout + ", " + std::to_string(oldest.id.partition) + "/" +
            std::to_string(oldest.id.offset) + ", is " + oldest.where;
  for (const ComponentErrors& errors : metrics.errors)
    text += "; last error of " + errors.component + ": " + errors.last.back().text;
  return text;
}

void Simulator::count(const Runtime& runtime) {
  for (const internal::SpoutRunner* spout : runtime.spouts()) {
    const internal::TaskMetrics& m = *spout->task().metrics;
    report_.opened += m.opened.load(std::memory_order_relaxed);
    report_.acked += m.acked.load(std::memory_order_relaxed);
    report_.failed += m.failed.load(std::memory_order_relaxed);
  }
}

}  // namespace bora::testing
