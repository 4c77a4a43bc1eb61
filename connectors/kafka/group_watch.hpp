#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_stats.hpp"

namespace bora::kafka {

/// Tells a membership that hangs from one that waits: librdkafka 2.0.2 may lose its assignment, or
/// compute one for ever (its issues 4059 and 4783), and says so nowhere.
///
/// Threads: single-owner.
class GroupWatch {
 public:
  explicit GroupWatch(std::chrono::milliseconds patience) : patience_(patience) {}

  /// True when the member has not been steady for as long as patience allows, although brokers answer.
  [[nodiscard]] bool is_stuck(Instant now, const KafkaStats& stats) {
    bool is_up = false;
    for (const BrokerStats& broker : stats.brokers)
      is_up = is_up || broker.state == BrokerStats::State::kUp;
    // An empty state: no statistics yet. While no broker answers there is nothing to settle.
    if (stats.join_state == "steady" || stats.join_state.empty() || !is_up) {
      unsettled_since_.reset();
      return false;
    }
    if (!unsettled_since_) unsettled_since_ = now;
    return now - *unsettled_since_ >= patience_;
  }

 private:
  std::chrono::milliseconds patience_;
  std::optional<Instant> unsettled_since_;
};

}  // namespace bora::kafka
