#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/gauge.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/alerts/rules.hpp"
#include "topologies/alerts/state_memory.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/registry_view.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::alerts {

/// Opens one task's way to the shared state.
using StateSource = std::function<std::unique_ptr<coldchain::SharedState>()>;
using RegistrySource = std::function<const coldchain::RegistryView&()>;

/// Reads readings, and refuses what is none (Permanent, with the reason).
class ParseBolt final : public Bolt<ConsumedRecord, HeardReading> {
 public:
  void execute(const ConsumedRecord& in) override;
};

/// Records when devices were heard, and says of those that were silent that they are back.
///
/// For many readings at once: asks what was known, decides, makes the ends of silences durable, then the
/// times, then emits. A crash in between replays the readings: those that ended a silence are known as
/// its end, and say "back" again, with the same id.
/// Fails: a store that is away fails its readings as Unavailable.
class TimeBolt final : public Bolt<HeardReading, coldchain::Alert> {
 public:
  /// `memory` is shared with the other tasks and the loader.
  TimeBolt(Rules rules, std::size_t batch, StateSource connect, std::shared_ptr<StateMemory> memory)
      : rules_(rules), batch_(batch), connect_(std::move(connect)), memory_(std::move(memory)) {}

  Status open(Context& context) override;
  void close() override { state_.reset(); }
  void execute(const HeardReading& in) override;
  void on_idle() override { write(); }
  void on_drain() override { write(); }
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  struct Device {
    std::optional<coldchain::Sighting> last;
    std::optional<coldchain::Silence> silence;
  };

  void write();
  Status look_up();
  Status try_write();
  void decide();
  void settle();
  void fail(const Status& status);

  const Rules rules_;
  const std::size_t batch_;
  StateSource connect_;
  std::shared_ptr<StateMemory> memory_;
  const Clock* clock_ = nullptr;
  std::unique_ptr<coldchain::SharedState> state_;

  // Of the batch; kept for their memory.
  std::vector<HeardReading> readings_;
  std::vector<AckToken> tokens_;  // of readings_, in order
  std::vector<coldchain::DeviceId> devices_;
  std::unordered_map<coldchain::DeviceId, Device> known_;
  coldchain::LastSeen::Known last_;
  std::vector<std::optional<coldchain::Silence>> silences_;
  std::vector<coldchain::Sighting> heard_;
  std::vector<coldchain::SilenceEnd> ends_;
  std::vector<std::size_t> enders_;  // of ends_: their readings
  std::vector<coldchain::EndAnswer> answers_;

  OwnedCount batches_;
  OwnedCount back_;
};

/// Adds name, group, owner and phone.
class InfoBolt final : public InPlaceBolt<coldchain::Alert> {
 public:
  explicit InfoBolt(RegistrySource registry) : find_registry_(std::move(registry)) {}
  Status open(Context&) override;
  void execute(coldchain::Alert& in) override;

 private:
  RegistrySource find_registry_;
  const coldchain::RegistryView* registry_ = nullptr;
};

}  // namespace bora::alerts
