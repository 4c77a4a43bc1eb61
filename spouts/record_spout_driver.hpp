#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "bora/coalesced_post.hpp"
#include "bora/component.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "spouts/record_pump.hpp"

namespace bora {

/// How a RecordSpout reaches the outside world: called in open(), once per task, with the task's
/// index. Both must give something.
struct RecordConnections {
  std::function<std::unique_ptr<RecordSource>(std::uint32_t task)> source;
  /// A sink of its own for dead letters, which nobody else polls.
  std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> dead_letters;
};

/// The part of a RecordSpout that does not depend on the tuple: owns the connections and the pump, and
/// binds them to the engine's timers and wake-ups.
///
/// Threads: single-owner; the task's thread.
class RecordSpoutDriver {
 public:
  RecordSpoutDriver(RecordConnections connections, RecordSpoutOptions options);
  ~RecordSpoutDriver();

  Status open(Context& context);
  void close();

  /// Requires: opened.
  RecordPump::Outlook take(std::size_t max, std::vector<RecordPump::Ready>& out) {
    return pump_->take(max, out);
  }
  /// Requires: opened.
  [[nodiscard]] RecordPump& pump() noexcept { return *pump_; }
  [[nodiscard]] bool is_settled() const noexcept { return !pump_ || pump_->is_settled(); }
  /// Any thread.
  [[nodiscard]] const RecordSpoutStats& stats() const noexcept { return stats_; }

 private:
  RecordConnections connections_;
  RecordSpoutOptions options_;
  RecordSpoutStats stats_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<RecordSink> dead_letters_;
  std::unique_ptr<RecordPump> pump_;
  CoalescedPost deliveries_;
};

}  // namespace bora
