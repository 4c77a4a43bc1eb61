#include "host/process.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "bora/check.hpp"
#include "host/control_plane.hpp"
#include "host/message_reference.hpp"
#include "host/operated.hpp"
#include "host/part_gate.hpp"
#include "host/process_view.hpp"
#include "host/stream_tap.hpp"
#include "host/tap.hpp"
#include "host/trace_export.hpp"

namespace bora::host {

class Process::Impl final : public Operated {
 public:
  Impl(ProcessOptions options, Log& log);
  ~Impl() override;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status start(Assembly assembly);
  bool is_finished();
  StopOutcome stop();
  void request_stop() { is_stop_requested_ = true; }
  [[nodiscard]] bool is_stop_requested() const noexcept { return is_stop_requested_; }
  void hurry();
  [[nodiscard]] std::string control_url() const;
  [[nodiscard]] Result<MetricsSnapshot> metrics(const std::string& topology) const;

  [[nodiscard]] ProcessView look() const override;
  Result<std::string> pause(const std::string& spout, const std::string& topology) override;
  Result<std::string> resume(const std::string& spout, const std::string& topology) override;
  void drain() override;

 private:
  using RunningPart = std::unique_ptr<RunningTopology>;
  struct ServicePart {
    std::unique_ptr<Service> service;
    std::shared_ptr<PartGate> gate;  // with the routes of the service
  };
  using Part = std::variant<RunningPart, ServicePart>;
  using Starting = std::variant<Assembly::TopologyPart, ServicePart>;

  std::vector<Starting> take_in(Assembly assembly, std::vector<ControlRoute>& routes);
  Status start_part(Starting part);
  Status start_topology(Assembly::TopologyPart part);
  void add_taps(RunningTopology& topology);
  Status start_service(ServicePart part);
  [[nodiscard]] Result<RunningTopology*> topology_with(const std::string& spout,
                                                       const std::string& topology) const;
  void keep(Part part);
  void stop_topology(RunningTopology& topology, StopOutcome& outcome);
  void stop_parts(StopOutcome& outcome);
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  const ProcessOptions options_;
  Log& log_;
  const SystemClock machine_clock_;
  const Clock& clock_;
  const Instant began_;
  Taps taps_;
  std::unique_ptr<TraceExport> traces_;  // null: nothing is traced
  ControlPlane control_plane_;
  std::atomic<ProcessState> state_{ProcessState::kStarting};
  std::atomic<bool> is_hurried_{false};
  std::atomic<bool> is_stop_requested_{false};
  bool has_control_plane_ = false;  // main thread
  bool is_stopped_ = false;         // main thread
  Instant deadline_{};              // main thread, while stopping
  StopOutcome outcome_;

  mutable std::mutex
      mutex_;  // guards what follows; what parts point to lives until the Process ends
  std::vector<Part> parts_;
  std::set<std::pair<std::string, std::string>> paused_;  // topology and spout
};

Process::Impl::Impl(ProcessOptions options, Log& log)
    : options_(std::move(options)),
      log_(log),
      clock_(options_.engine.clock != nullptr ? *options_.engine.clock : machine_clock_),
      began_(clock_.now()),
      taps_(clock_),
      control_plane_(options_.control, {options_.program, *this, log, taps_, clock_}) {}

Process::Impl::~Impl() {
  hurry();
  stop();
  // Later parts may refer to earlier ones: a bolt to the store that a service opened.
  while (!parts_.empty())
    parts_.pop_back();
}

Status Process::Impl::start(Assembly assembly) {
  BORA_CHECK(!has_control_plane_ && !is_stopped_, "a Process starts once");
  std::vector<ControlRoute> routes;
  std::vector<Starting> parts = take_in(std::move(assembly), routes);
  if (!options_.trace.to.is_empty()) {
    auto traces = TraceExport::open(options_.trace, options_.program, log_);
    if (!traces) return traces.status();
    traces_ = std::move(traces).value();
  }
  if (Status status = control_plane_.start(std::move(routes)); !status) return status;
  has_control_plane_ = true;
  log_.info("control plane", {{"url", control_plane_.url()}});
  for (Starting& part : parts) {
    if (Status status = start_part(std::move(part)); !status) {
      hurry();
      stop();
      return status;
    }
  }
  state_ = ProcessState::kRunning;
  log_.info("ready", {{"program", options_.program}, {"version", options_.version}});
  return {};
}

std::vector<Process::Impl::Starting> Process::Impl::take_in(Assembly assembly,
                                                            std::vector<ControlRoute>& routes) {
  std::vector<Starting> parts;
  for (Assembly::Part& part : std::move(assembly).take_parts()) {
    if (auto* topology = std::get_if<Assembly::TopologyPart>(&part)) {
      parts.emplace_back(std::move(*topology));
      continue;
    }
    auto& service = std::get<std::unique_ptr<Service>>(part);
    auto gate = std::make_shared<PartGate>(std::string{service->name()});
    for (ControlRoute& route : gated_routes(*service, gate))
      routes.push_back(std::move(route));
    parts.emplace_back(ServicePart{std::move(service), std::move(gate)});
  }
  return parts;
}

Status Process::Impl::start_part(Starting part) {
  if (auto* topology = std::get_if<Assembly::TopologyPart>(&part))
    return start_topology(std::move(*topology));
  return start_service(std::move(std::get<ServicePart>(part)));
}

Status Process::Impl::start_topology(Assembly::TopologyPart part) {
  const std::string name = part.topology.name();
  for (const std::string& warning : part.topology.warnings())
    log_.warn("wiring", {{"topology", name}, {"warning", warning}});
  EngineOptions engine = options_.engine;
  engine.spans = traces_.get();
  engine.trace_share = options_.trace.sample;
  if (part.adjust) part.adjust(engine);
  if (!engine.on_event)
    engine.on_event = [this, name](const std::string& component, const std::string& text) {
      // What leads from the line to the record.
      if (const auto message = message_in(text))
        log_.warn("component", {{"topology", name},
                                {"component", component},
                                {"topic", message->source},
                                {"partition", message->partition},
                                {"offset", message->offset},
                                {"event", text}});
      else
        log_.warn("component", {{"topology", name}, {"component", component}, {"event", text}});
    };
  auto running = RunningTopology::start(std::move(part.topology), std::move(engine));
  if (!running)
    return {running.error().kind,
            "topology " + name + " did not start: " + running.error().message};
  log_.info("topology started", {{"topology", name}});
  add_taps(**running);
  keep(std::move(running).value());
  return {};
}

/// A tap per stream that somebody reads. They are asked by the control plane alone, which ends before
/// the topology goes.
void Process::Impl::add_taps(RunningTopology& topology) {
  for (const Topology::Edge& edge : topology.edges()) {
    const std::string tap = stream_tap_name(topology.name(), edge.from, edge.stream);
    if (!taps_.find(tap)) tap_stream(taps_, tap, topology, edge);
  }
}

Status Process::Impl::start_service(ServicePart part) {
  Service& service = *part.service;
  const std::string name{service.name()};
  service.attach({.log =
                      [this, name](LogLevel level, std::string_view event) {
                        log_.write(level, "service", {{"service", name}, {"event", event}});
                      },
                  .is_stopping = [this] { return is_stop_requested_.load(); },
                  .taps = &taps_,
                  .spans = traces_.get(),
                  .trace_share = options_.trace.sample});
  if (Status status = service.start(); !status)
    return {status.error().kind, name + " did not start: " + status.error().message};
  if (const std::string url = service.url(); url.empty())
    log_.info("service started", {{"service", name}});
  else
    log_.info("service started", {{"service", name}, {"url", url}});
  part.gate->open();
  keep(std::move(part));
  return {};
}

void Process::Impl::keep(Part part) {
  const std::lock_guard lock{mutex_};
  parts_.push_back(std::move(part));
}

bool Process::Impl::is_finished() {
  bool has_topologies = false;
  for (const Part& part : parts_) {  // only this thread adds to the list
    const auto* topology = std::get_if<RunningPart>(&part);
    if (topology == nullptr) continue;
    has_topologies = true;
    if (!(*topology)->wait_finished(std::chrono::milliseconds{0})) return false;
  }
  return has_topologies;
}

StopOutcome Process::Impl::stop() {
  if (is_stopped_ || !has_control_plane_) return outcome_;
  state_ = ProcessState::kStopping;
  deadline_ = clock_.now() + options_.shutdown_timeout;
  log_.info("stopping", {{"timeout_ms", options_.shutdown_timeout.count()}});
  stop_parts(outcome_);
  if (traces_) traces_->stop();
  control_plane_.stop();
  is_stopped_ = true;
  log_.info("stopped",
            {{"drained", outcome_.drained}, {"left_in_flight", outcome_.left_in_flight}});
  return outcome_;
}

void Process::Impl::stop_parts(StopOutcome& outcome) {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (auto* topology = std::get_if<RunningPart>(&*part)) {
      stop_topology(**topology, outcome);
      continue;
    }
    const auto& [service, gate] = std::get<ServicePart>(*part);
    gate->close();
    service->stop(time_left());
  }
}

void Process::Impl::stop_topology(RunningTopology& topology, StopOutcome& outcome) {
  const StopReport report = topology.stop(time_left());
  outcome.drained = outcome.drained && report.drained;
  outcome.left_in_flight += report.left_in_flight;
  if (report.drained) return;
  for (const OldestInFlight& message : report.oldest)
    log_.warn("left in flight: its source brings it again", {{"topology", topology.name()},
                                                             {"component", message.component},
                                                             {"spout", message.spout},
                                                             {"topic", message.source},
                                                             {"partition", message.id.partition},
                                                             {"offset", message.id.offset},
                                                             {"where", message.where}});
}

std::chrono::milliseconds Process::Impl::time_left() const {
  if (is_hurried_) return std::chrono::milliseconds{0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock_.now());
  return std::max(left, std::chrono::milliseconds{0});
}

void Process::Impl::hurry() {
  is_hurried_ = true;
  const std::lock_guard lock{mutex_};
  for (const Part& part : parts_)
    if (const auto* topology = std::get_if<RunningPart>(&part)) (*topology)->hurry();
}

std::string Process::Impl::control_url() const {
  return has_control_plane_ ? control_plane_.url() : std::string{};
}

Result<MetricsSnapshot> Process::Impl::metrics(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  for (const Part& part : parts_)
    if (const auto* topology = std::get_if<RunningPart>(&part);
        topology && (*topology)->name() == name)
      return (*topology)->metrics();
  return Error{ErrorKind::kNotFound, "no topology \"" + name + "\" runs in this process"};
}

ProcessView Process::Impl::look() const {
  ProcessView view;
  view.program = options_.program;
  view.version = options_.version;
  view.state = state_;
  view.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - began_);
  view.now = clock_.wall_now();
  view.taps = taps_.streams();
  if (traces_) view.samples = traces_->samples();
  const std::lock_guard lock{mutex_};
  for (const Part& part : parts_) {
    if (const auto* running = std::get_if<RunningPart>(&part)) {
      const RunningTopology& topology = **running;
      view.topologies.push_back({topology.nodes(), topology.edges(), topology.metrics()});
      for (const auto& [name, spout] : paused_)
        if (name == topology.name()) view.topologies.back().paused_spouts.push_back(spout);
      continue;
    }
    const ServicePart& running = std::get<ServicePart>(part);
    std::vector<Sample> samples = running.service->samples();
    std::move(samples.begin(), samples.end(), std::back_inserter(view.samples));
    if (const auto why = running.gate->pass([&] { return running.service->unready(); },
                                            std::optional<std::string>{}))
      view.unready_parts.push_back({std::string{running.service->name()}, *why});
  }
  return view;
}

// Requires: mutex_ is held.
Result<RunningTopology*> Process::Impl::topology_with(const std::string& spout,
                                                      const std::string& topology) const {
  RunningTopology* found = nullptr;
  for (const Part& part : parts_) {
    const auto* running = std::get_if<RunningPart>(&part);
    if (running == nullptr || (!topology.empty() && (*running)->name() != topology)) continue;
    for (const Topology::Node& node : (*running)->nodes()) {
      if (!node.is_spout || node.name != spout) continue;
      if (found != nullptr)
        return Error{ErrorKind::kInvalid, "topologies " + found->name() + " and " +
                                              (*running)->name() + " have a spout \"" + spout +
                                              "\": say which, ?topology=NAME"};
      found = running->get();
    }
  }
  if (found != nullptr) return found;
  return Error{ErrorKind::kNotFound, "no spout \"" + spout + "\" runs here" +
                                         (topology.empty() ? "" : " in topology " + topology)};
}

Result<std::string> Process::Impl::pause(const std::string& spout, const std::string& topology) {
  const std::lock_guard lock{mutex_};
  const auto found = topology_with(spout, topology);
  if (!found) return found.status();
  if (Status paused = (*found)->deactivate(spout); !paused) return paused;
  paused_.emplace((*found)->name(), spout);
  return (*found)->name();
}

Result<std::string> Process::Impl::resume(const std::string& spout, const std::string& topology) {
  const std::lock_guard lock{mutex_};
  const auto found = topology_with(spout, topology);
  if (!found) return found.status();
  if (Status resumed = (*found)->activate(spout); !resumed) return resumed;
  paused_.erase({(*found)->name(), spout});
  return (*found)->name();
}

void Process::Impl::drain() {
  log_.info("drain: asked for through the control plane");
  request_stop();
}

Process::Process(ProcessOptions options, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), log)) {}
Process::~Process() = default;
Status Process::start(Assembly assembly) { return impl_->start(std::move(assembly)); }
bool Process::is_finished() { return impl_->is_finished(); }
StopOutcome Process::stop() { return impl_->stop(); }
void Process::request_stop() { impl_->request_stop(); }
bool Process::is_stop_requested() const noexcept { return impl_->is_stop_requested(); }
void Process::hurry() { impl_->hurry(); }
std::string Process::control_url() const { return impl_->control_url(); }
Result<MetricsSnapshot> Process::metrics(const std::string& topology) const {
  return impl_->metrics(topology);
}

}  // namespace bora::host
