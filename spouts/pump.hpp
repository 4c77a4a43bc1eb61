#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/failure.hpp"
#include "bora/message_id.hpp"
#include "bora/status.hpp"
#include "spouts/consumed_record.hpp"

namespace bora {

/// What a RecordSpout does, without the engine: takes records from a source and sees to it that each is
/// done. How it does that is the guarantee: RecordPump at least once, TransactionalPump exactly once.
///
/// Threads: single-owner; the thread that polls the source.
class Pump {
 public:
  Pump() = default;
  virtual ~Pump() = default;
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  virtual Status open() = 0;

  /// A record to be emitted now: acked() or failed() must follow for its id.
  struct Ready {
    std::uint32_t slot = 0;
    MessageId id;
    std::size_t bytes = 0;
  };
  /// What there is to do next, for who calls take().
  struct Outlook {
    bool has_more = false;              ///< Call take() again as soon as there is room.
    std::optional<Instant> next_due{};  ///< Else not before this, or when woken.
  };
  /// Polls the source and appends up to `max` records to `out`.
  virtual Outlook take(std::size_t max, std::vector<Ready>& out) = 0;
  /// The record of something just taken. Valid until the next call of anything else.
  [[nodiscard]] virtual const ConsumedRecord& record(std::uint32_t slot) = 0;

  virtual void acked(std::span<const MessageId> ids) = 0;
  virtual void failed(const Failure& failure) = 0;
  /// A record just taken could not be decoded, and was not emitted.
  virtual void refuse(const Ready& ready, FailureKind kind, std::string reason) = 0;

  /// Call at least every RecordSpoutOptions::commit_every: what is due, also while nobody takes.
  virtual void tick() = 0;
  /// Outcomes of dead letters may be there.
  virtual void take_deliveries() = 0;

  /// No take() until resume().
  virtual void suspend() = 0;
  virtual void resume() = 0;
  /// No take() any more. What would be tried again is left uncommitted, for replay.
  virtual void drain() = 0;
  /// True when nothing is left that a drain should wait for.
  [[nodiscard]] virtual bool is_settled() const noexcept = 0;
  /// Finishes in bounded time, leaves the group. Safe to call twice.
  virtual void close() = 0;
};

}  // namespace bora
