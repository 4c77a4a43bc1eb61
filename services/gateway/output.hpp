#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "services/gateway/device_message.hpp"
#include "services/gateway/outbox.hpp"

namespace bora::gateway {

struct OutputOptions {
  /// How long a message may wait for others to go with it. Longer: fewer bytes on the wire, since each
  /// request has some 600 of its own; shorter: readings are known sooner. README.md has the figures.
  std::chrono::milliseconds linger{300'000};
  /// A batch that has so many rows or bytes does not wait. It must fit one request of the sink.
  std::size_t max_rows = 1000;
  std::size_t max_bytes = std::size_t{256} << 10;
  /// How often the table is looked at.
  std::chrono::milliseconds look_every{100};
  /// A batch without an answer for this long is told of, and waited for on.
  std::chrono::milliseconds patience{5'000};
  /// After a batch that failed, with jitter up to the longest pause. An outage of the broker is no such
  /// failure: the sink waits for it. What fails is refused, and each try costs a connection.
  std::chrono::milliseconds first_backoff{1'000};
  std::chrono::milliseconds max_backoff{900'000};
};

/// Publishes what the outbox holds, and removes what the broker acknowledged.
///
/// One batch is under way at a time, the oldest rows; the next one follows when each of them has its
/// acknowledgement. When one fails, the sink is given up with all that it still held, and after a pause
/// everything that has no acknowledgement goes out again, from the oldest row on. So the first arrivals
/// of each device are in the order in which its messages were accepted: whatever was cut short, before
/// or after, began at or before the oldest row that the broker does not have. Some arrive twice.
///
/// Driven by step(), so that tests own time. Threads: single-owner; `make_sink`'s sinks are used here
/// alone. Lifetime: outbox and clock outlive it.
class Output {
 public:
  using MakeSink = std::function<std::unique_ptr<RecordSink>()>;
  /// Told what a person should see, once for each outage and once for its end. Must not wait.
  using OnEvent = std::function<void(const Status& trouble)>;

  Output(Outbox& outbox, MakeSink make_sink, GatewayIdentity identity, OutputOptions options,
         const Clock& clock);

  /// May be called from any thread at any time, when step() has something to do; it only signals.
  void on_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  void on_event(OnEvent on_event) { on_event_ = std::move(on_event); }

  /// Does what can be done now, without waiting but for the disk. Returns when to call again, or sooner
  /// when woken.
  Instant step();
  /// From now on no batch begins; is_idle() says when the last one is through.
  void drain() noexcept { is_draining_ = true; }
  [[nodiscard]] bool is_idle() const noexcept { return waiting_.empty(); }

 private:
  /// True when a batch is under way.
  bool begin_batch();
  Status publish(const std::vector<OutboxRow>& rows);
  [[nodiscard]] bool is_due(const std::vector<OutboxRow>& rows) const;
  void collect();
  void look_at_patience();
  void give_up(const Status& why);
  void tell(const Status& why);
  void settle();

  Outbox& outbox_;
  const MakeSink make_sink_;
  const GatewayIdentity identity_;
  const OutputOptions options_;
  const Clock& clock_;
  std::function<void()> wake_;
  OnEvent on_event_;

  std::unique_ptr<RecordSink> sink_;
  std::set<std::int64_t> waiting_;       ///< Ids of the batch that have no outcome.
  std::vector<std::int64_t> delivered_;  ///< Ids that are to be removed.
  std::vector<RecordSink::Delivery> deliveries_;
  Instant began_{};
  Instant not_before_{};
  Instant noted_{};
  std::uint32_t failures_ = 0;
  bool is_in_trouble_ = false;
  bool is_draining_ = false;
};

}  // namespace bora::gateway
