#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "bora/clock.hpp"
#include "bora/options.hpp"
#include "bora/running_topology.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/control_options.hpp"
#include "host/log.hpp"
#include "host/trace_options.hpp"

namespace bora::host {

struct ProcessOptions {
  std::string program = "bora";
  std::string version = {};
  ControlPlaneOptions control = {};
  EngineOptions engine = {};
  TraceOptions trace = {};
  /// For stop() as a whole. Longer loses nothing either way: what is left is replayed.
  std::chrono::milliseconds shutdown_timeout{30'000};
};

/// How a stop went.
struct StopOutcome {
  bool drained = true;               ///< Every topology had nothing in flight when it was closed.
  std::uint64_t left_in_flight = 0;  ///< Messages that their sources bring again.
};

/// Any number of topologies and services at work in one process, with the control plane that shows
/// them: host/openapi.yaml says what it answers.
///
///   Process process{options, log};
///   if (Status s = process.start(std::move(assembly)); !s) ...
///   while (!process.is_finished() && !stop_wanted()) ...
///   process.stop();
///
/// A program's own command has serve() of host/run.hpp for this, which also handles signals.
///
/// Threads: one thread starts, waits and stops; everything else from any thread.
/// Lifetime: the destructor stops at once, if stop() was not called.
class Process {
 public:
  Process(ProcessOptions options, Log& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Starts the control plane, then the parts in order. When a part fails, those before it are
  /// stopped again, and the error names the part.
  Status start(Assembly assembly);

  /// True when there are topologies, each of their spouts has finished, and nothing is in flight.
  [[nodiscard]] bool is_finished();

  /// Becomes unready, stops the parts in reverse order, then the control plane; logs what was left.
  /// Safe to call twice.
  StopOutcome stop();
  /// Says that stop() comes: a start() in another thread does not wait any more for what is outside.
  void request_stop();
  /// Whether request_stop() was called, or somebody asked the control plane for a drain: whoever runs
  /// the process calls stop() then.
  [[nodiscard]] bool is_stop_requested() const noexcept;
  /// Makes a stop() that drains in another thread give up, and later ones not drain at all.
  void hurry();

  /// "http://127.0.0.1:9400"; empty before start().
  [[nodiscard]] std::string control_url() const;
  /// What the running topology of this name counts; kNotFound when there is none.
  [[nodiscard]] Result<MetricsSnapshot> metrics(const std::string& topology) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::host
