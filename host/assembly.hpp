#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bora/options.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "bora/trace.hpp"
#include "host/log.hpp"

namespace bora::host {

class ControlRoutes;
class Taps;

/// One number that a service shows on /metrics.
struct Sample {
  enum class Kind : std::uint8_t { kCounter, kGauge };
  std::string
      name;  ///< "coldchain_ingest_requests_total": unit and _total as Prometheus wants them.
  std::string help;
  Kind kind = Kind::kGauge;
  std::vector<std::pair<std::string, std::string>> labels = {};
  double value = 0;
};

/// What a process is to a service that it runs. Both may be called by any thread, until stop() returned.
struct ServiceHost {
  /// Writes a line to the log, under the service's name; does not wait.
  std::function<void(LogLevel level, std::string_view event)> log = {};
  /// True once the process was told to end: a start() that waits for others gives up then.
  std::function<bool()> is_stopping = {};
  /// Where streams offer samples of what goes through them; see host/tap.hpp. Never null inside a process.
  Taps* taps = nullptr;
  /// For those who begin or go on with traces outside of topologies. Null: nothing is traced.
  SpanSink* spans = nullptr;
  double trace_share = 0;  ///< Of messages with which a trace begins, 0 to 1.
};

/// Something beside topologies that a process runs: a store that they share, an HTTP endpoint.
/// Threads: start() and stop() are called by the process' main thread, once each; samples() by any.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Called before start(), by a process that runs the service.
  virtual void attach(ServiceHost host) { static_cast<void>(host); }
  /// Touches the outside world for the first time. An error ends the start of the process.
  virtual Status start() = 0;
  /// Works off what has begun, at most until `deadline` from now, then lets go of everything.
  virtual void stop(std::chrono::milliseconds deadline) = 0;
  [[nodiscard]] virtual std::vector<Sample> samples() const { return {}; }
  /// Where it can be reached once it has started, for the log; empty when nowhere.
  [[nodiscard]] virtual std::string url() const { return {}; }
  /// Adds to the control plane of the process; see host/control_routes.hpp. Called before anything starts.
  virtual void add_routes(ControlRoutes& routes) { static_cast<void>(routes); }
  /// Why the service cannot do its work now, for /readyz; nothing when it can. Called by any thread
  /// between start() and stop(); must not wait.
  [[nodiscard]] virtual std::optional<std::string> unready() const { return std::nullopt; }
};

/// What a process consists of. Parts start in the order in which they were added and stop in reverse:
/// first what others need, last what lets work in.
/// Making one touches nothing outside, so `validate` and `graph` do it too.
/// Threads: single-owner.
class Assembly {
 public:
  struct TopologyPart {
    Topology topology;
    std::function<void(EngineOptions&)> adjust;  ///< Changes the program's engine options for it.
  };
  using Part = std::variant<TopologyPart, std::unique_ptr<Service>>;

  void add(Topology topology, std::function<void(EngineOptions&)> adjust = {}) {
    parts_.emplace_back(TopologyPart{std::move(topology), std::move(adjust)});
  }
  void add(std::unique_ptr<Service> service) { parts_.emplace_back(std::move(service)); }

  [[nodiscard]] std::vector<const Topology*> topologies() const;
  [[nodiscard]] std::vector<Part> take_parts() && { return std::move(parts_); }

 private:
  std::vector<Part> parts_;
};

}  // namespace bora::host
