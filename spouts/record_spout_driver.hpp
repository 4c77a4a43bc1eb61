#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bora/coalesced_post.hpp"
#include "bora/component.hpp"
#include "bora/record.hpp"
#include "bora/record_transaction.hpp"
#include "bora/status.hpp"
#include "spouts/pump.hpp"
#include "spouts/record_spout_options.hpp"
#include "spouts/record_spout_stats.hpp"

namespace bora {

/// How a RecordSpout reaches the outside world: called in open(), once per task, with the task's
/// index. Both must give something.
struct RecordConnections {
  std::function<std::unique_ptr<RecordSource>(std::uint32_t task)> source;
  /// A sink of its own for dead letters, which nobody else polls.
  std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> dead_letters;
  /// What makes records count exactly once, with the sinks that belong to it; the spout then has one
  /// task. Null: at least once.
  std::shared_ptr<RecordTransaction> transaction = nullptr;
};

/// The part of a RecordSpout that does not depend on the tuple: owns the connections and the pump, and
/// binds them to the engine's timers and wake-ups.
///
/// Threads: single-owner; the task's thread.
class RecordSpoutDriver {
 public:
  RecordSpoutDriver(RecordConnections connections, RecordSpoutOptions options);
  ~RecordSpoutDriver();

  /// `in_flight` tells how many messages of the spout have not come to rest.
  Status open(Context& context, std::function<std::size_t()> in_flight);
  void close();

  /// Requires: opened.
  Pump::Outlook take(std::size_t max, std::vector<Pump::Ready>& out) {
    return pump_->take(max, out);
  }
  /// Requires: opened.
  [[nodiscard]] Pump& pump() noexcept { return *pump_; }
  [[nodiscard]] bool is_settled() const noexcept { return !pump_ || pump_->is_settled(); }
  /// What is read. Requires: opened.
  [[nodiscard]] std::string topic() const { return std::string{source_->topic()}; }
  /// Any thread.
  [[nodiscard]] const RecordSpoutStats& stats() const noexcept { return stats_; }

 private:
  template <class Setup>
  Setup setup_of(Context& context);

  RecordConnections connections_;
  RecordSpoutOptions options_;
  RecordSpoutStats stats_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<RecordSink> dead_letters_;
  std::unique_ptr<Pump> pump_;
  CoalescedPost deliveries_;
};

}  // namespace bora
