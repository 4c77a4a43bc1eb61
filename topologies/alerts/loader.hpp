#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bora/gauge.hpp"
#include "bora/spout.hpp"
#include "topologies/alerts/bolts.hpp"
#include "topologies/alerts/input_progress.hpp"
#include "topologies/alerts/rules.hpp"
#include "topologies/alerts/state_memory.hpp"
#include "topologies/coldchain/alert.hpp"

namespace bora::alerts {

/// Announces devices that fell silent: looks every Rules::look_every for those heard last too long ago,
/// of the partitions of this process, and emits each once.
///
/// "Too long ago" is measured from up to when the topology has done its input (InputProgress), not from
/// the clock, and not at all while it is behind, has just started, or the store was born less than
/// Rules::grace ago. A silence counts as announced, durably, once its alert was acked: a crash before
/// repeats it with the same id.
/// Fails: while the store is away it looks again later.
class Loader final : public Spout<coldchain::Alert> {
 public:
  Loader(Rules rules, StateSource connect, std::shared_ptr<StateMemory> memory,
         std::shared_ptr<const InputProgress> progress)
      : rules_(rules),
        connect_(std::move(connect)),
        memory_(std::move(memory)),
        progress_(std::move(progress)) {}

  Status open(Context& context) override;
  void close() override { state_.reset(); }
  Next next_batch(std::size_t max) override;
  void acked(std::span<const MessageId> ids) override;
  void failed(const Failure& failure) override;
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  void look();
  Status find_silent();
  Status filter(std::span<const coldchain::Sighting> overdue);
  Status mark();

  const Rules rules_;
  StateSource connect_;
  std::shared_ptr<StateMemory> memory_;
  std::shared_ptr<const InputProgress> progress_;
  Context* context_ = nullptr;
  std::unique_ptr<coldchain::SharedState> state_;

  Instant look_at_{};
  WallTime walked_until_{};  // devices heard last before were looked at
  std::uint32_t looks_until_full_ = 0;
  std::uint64_t assignments_ = 0;
  WallTime done_until_{};
  std::deque<coldchain::Sighting> ready_;                            // to be emitted
  std::unordered_map<std::uint64_t, coldchain::Silence> in_flight_;  // by message
  std::unordered_set<coldchain::DeviceId> under_way_;  // ready_, in flight, or to be marked
  std::vector<coldchain::Silence> to_mark_;            // acked
  std::uint64_t next_message_ = 0;

  OwnedCount silent_;
  OwnedCount holding_;
};

}  // namespace bora::alerts
