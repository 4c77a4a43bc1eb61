#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bora/metrics.hpp"
#include "bora/options.hpp"
#include "bora/status.hpp"
#include "bora/topology.hpp"

namespace bora {

/// What a stop left behind.
struct StopReport {
  bool drained = false;              ///< Nothing was in flight when the components were closed.
  std::uint64_t left_in_flight = 0;  ///< Messages not done: their source brings them again.
  std::vector<OldestInFlight> oldest;
};

/// A tuple of a stream, for people who look at it.
struct TupleSample {
  std::optional<MessageId>
      message;         ///< That it comes from; of several, the first. None: untracked.
  std::string source;  ///< What `message` is a position of.
  std::string json;    ///< See bora/tuple_json.hpp.
};

/// A topology at work, on one thread per executor.
///
///   auto running = bora::RunningTopology::start(std::move(topology).value(), {});
///   if (!running) { ... running.error().message ... }
///   (*running)->wait_finished();
///
/// Threads: every function may be called from any thread but those of components.
/// Lifetime: the destructor stops without draining, if stop() was not called.
class RunningTopology {
 public:
  /// Opens every component and starts the flow. Fails when a component's open() did: what had been
  /// opened is closed again.
  [[nodiscard]] static Result<std::unique_ptr<RunningTopology>> start(Topology topology,
                                                                      EngineOptions options = {});
  ~RunningTopology();
  RunningTopology(const RunningTopology&) = delete;
  RunningTopology& operator=(const RunningTopology&) = delete;

  /// Pauses and resumes all spouts, or those of one component. Messages in flight go on.
  void deactivate();
  void activate();
  Status deactivate(const std::string& spout);
  Status activate(const std::string& spout);

  /// Waits until every spout said finished() and nothing is in flight, or until `timeout`, or until
  /// another thread stops or hurries the topology. True when finished.
  bool wait_finished(std::chrono::milliseconds timeout = std::chrono::hours{24 * 365});

  /// The stop protocol: spouts stop; what is in flight is worked off, at most until `deadline` from
  /// now; components close; threads end. A component that does not return holds this up: see
  /// MetricsSnapshot::stuck. Safe to call twice.
  StopReport stop(std::chrono::milliseconds deadline);
  /// Makes a stop() that is draining in another thread give up its drain. Async-signal-unsafe.
  void hurry();

  /// Shows tuples of a component's stream to `watcher`, as the first of its consumers takes them, one per
  /// `pause` at most, until it returns false. It is called on engine threads and must not wait. A stream
  /// has one watcher: this one takes the place of the one before. While there is none, a stream costs
  /// one relaxed load per run of tuples.
  /// Fails: kNotFound when nobody reads such a stream.
  Status watch(const std::string& component, const std::string& stream,
               std::chrono::nanoseconds pause, std::function<bool(const TupleSample&)> watcher);

  [[nodiscard]] MetricsSnapshot metrics() const;
  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] std::vector<Topology::Node> nodes() const;
  [[nodiscard]] std::vector<Topology::Edge> edges() const;

 private:
  struct State;
  explicit RunningTopology(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bora
