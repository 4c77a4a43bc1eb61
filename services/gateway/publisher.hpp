#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/gateway/simulation.hpp"

namespace bora::gateway {

/// Where simulated records go: a topic, an HTTP endpoint, a stream of lines.
/// Threads: single-owner.
class Publisher {
 public:
  virtual ~Publisher() = default;
  /// kUnavailable: the record was not taken, the same call may be made again. Any other error ends the
  /// simulation.
  virtual Status publish(const SimulatedRecord& record) = 0;
  /// Waits until everything taken is delivered. Fails when something was not.
  virtual Status finish() = 0;
};

struct PublishProgress {
  std::uint64_t published = 0;
  std::uint64_t retries = 0;  ///< Times the publisher was not ready.
  std::chrono::nanoseconds elapsed{0};
};

struct PublishOptions {
  double rate = 0;  ///< Records a second, evenly spaced from the first on; 0: as fast as accepted.
  std::chrono::milliseconds progress_interval{1000};
  /// How long one record may be refused before the simulation gives up.
  std::chrono::milliseconds patience{60'000};
};

/// The outside of publish_all(): it waits and stops only through these.
struct PublishEnvironment {
  const Clock& clock;
  std::function<void(std::chrono::nanoseconds)> wait;
  std::function<bool()> is_stopping = [] { return false; };
  std::function<void(const PublishProgress&)> on_progress = [](const PublishProgress&) {};
};

/// Publishes record after record until the simulation ends or is_stopping(), then finishes the
/// publisher. What was published until then is what simulation.expectation() accounts for.
/// Fails: with the publisher's error; kUnavailable when it refused one record for too long, which then
/// is accounted for and not published.
[[nodiscard]] Result<PublishProgress> publish_all(Simulation& simulation, Publisher& publisher,
                                                  const PublishOptions& options,
                                                  const PublishEnvironment& environment);

}  // namespace bora::gateway
