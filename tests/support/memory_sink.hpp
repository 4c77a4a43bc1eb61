#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "support/fault_dice.hpp"
#include "support/memory_broker.hpp"

namespace bora::test {

/// What a MemorySink does wrong: probabilities.
struct SinkFaults {
  double unavailable = 0;  ///< Per append: this and up to four further appends are not taken.
  double fail = 0;  ///< Per record: its delivery fails as unavailable, and it is not in the topic.
  double lose_reply = 0;      ///< Per record: the same, but it is in the topic.
  std::uint32_t slowest = 0;  ///< Outcomes come after 0 to this many further polls, in any order.
};

struct MemorySinkOptions {
  std::size_t capacity = std::numeric_limits<std::size_t>::max();  ///< Records queued.
  std::uint64_t seed = 1;
  SinkFaults faults = {};
};

/// A producer into the topics of a MemoryBroker. A topic that does not exist refuses its records.
///
/// Time passes by polls: an outcome that is due in two polls is there at the second. It wakes as long
/// as anything is queued, also while it is held up, so that who polls when woken gets there.
///
/// Threads: as RecordSink says. Deterministic: a function of the seed and the calls.
class MemorySink final : public RecordSink {
 public:
  explicit MemorySink(MemoryBroker& broker, MemorySinkOptions options = {});

  Status append(std::string_view topic, Record record, Tag tag) override;
  std::size_t poll(std::vector<Delivery>& out) override;
  /// Waits for nothing: everything queued is due at the next poll, unless the sink is down or held.
  Status flush(std::chrono::milliseconds timeout) override;
  void on_delivery(std::function<void()> wake) override { wake_ = std::move(wake); }

  // --- for the test ---
  void go_down() noexcept { is_down_ = true; }  ///< Appends are not taken, nothing is delivered.
  void come_up();
  void hold() noexcept { is_held_ = true; }  ///< Appends are taken, nothing is delivered.
  void release();
  /// The next `records` deliveries fail with this kind.
  void fail_next(std::size_t records, ErrorKind kind) noexcept {
    failing_ = records;
    failing_kind_ = kind;
  }
  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  [[nodiscard]] std::uint64_t flushes() const noexcept { return flushes_; }

 private:
  struct Queued {
    std::string topic;
    Record record;
    Tag tag = 0;
    std::uint64_t polls_left = 0;
  };
  Delivery deliver(Queued& queued);
  void wake() const {
    if (wake_) wake_();
  }

  MemoryBroker& broker_;
  MemorySinkOptions options_;
  FaultDice dice_;
  std::function<void()> wake_;
  std::vector<Queued> queue_;
  bool is_down_ = false;
  bool is_held_ = false;
  std::uint64_t refused_appends_left_ = 0;
  std::size_t failing_ = 0;
  ErrorKind failing_kind_ = ErrorKind::kUnavailable;
  std::uint64_t flushes_ = 0;
};

}  // namespace bora::test
