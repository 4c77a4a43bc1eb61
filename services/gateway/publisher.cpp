#include "services/gateway/publisher.hpp"

#include <algorithm>
#include <string>

namespace bora::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kFirstPause{1};
constexpr milliseconds kMostPause{200};

/// Between two looks at is_stopping().
constexpr milliseconds kMostWait{100};

class Run {
 public:
  Run(Publisher& publisher, const PublishOptions& options, const PublishEnvironment& environment)
      : publisher_(publisher),
        options_(options),
        outside_(environment),
        start_(environment.clock.now()) {}

  Result<PublishProgress> all_of(Simulation& simulation) {
    while (wait_for_turn()) {
      const auto record = simulation.next();
      if (!record) break;
      if (Status published = publish(*record); !published) return published;
      ++progress_.published;
      show_progress();
    }
    const Status finished = publisher_.finish();
    progress_.elapsed = outside_.clock.now() - start_;
    outside_.on_progress(progress_);
    if (!finished) return finished;
    return progress_;
  }

 private:
  /// False when the run is to stop.
  bool wait_for_turn() {
    if (outside_.is_stopping()) return false;
    if (options_.rate <= 0) return true;
    const auto due = start_ + nanoseconds{static_cast<std::int64_t>(
                                  static_cast<double>(progress_.published) / options_.rate * 1e9)};
    for (Instant now = outside_.clock.now(); now < due; now = outside_.clock.now()) {
      outside_.wait(std::min<nanoseconds>(due - now, kMostWait));
      if (outside_.is_stopping()) return false;
    }
    return true;
  }

  /// Goes on trying after a stop was asked for: the record is accounted for already.
  Status publish(const SimulatedRecord& record) {
    const Instant first_try = outside_.clock.now();
    for (milliseconds pause = kFirstPause;; pause = std::min(pause * 2, kMostPause)) {
      Status published = publisher_.publish(record);
      if (published || !published.is_retryable()) return published;
      ++progress_.retries;
      if (outside_.clock.now() - first_try >= options_.patience) return published;
      outside_.wait(pause);
      show_progress();
    }
  }

  void show_progress() {
    const Instant now = outside_.clock.now();
    if (now - last_shown_ < options_.progress_interval) return;
    last_shown_ = now;
    progress_.elapsed = now - start_;
    outside_.on_progress(progress_);
  }

  Publisher& publisher_;
  const PublishOptions& options_;
  const PublishEnvironment& outside_;
  const Instant start_;
  Instant last_shown_ = start_;
  PublishProgress progress_;
};

}  // namespace

Result<PublishProgress> publish_all(Simulation& simulation, Publisher& publisher,
                                    const PublishOptions& options,
                                    const PublishEnvironment& environment) {
  return Run{publisher, options, environment}.all_of(simulation);
}

}  // namespace bora::gateway
