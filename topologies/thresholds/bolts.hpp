#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/gauge.hpp"
#include "bora/record.hpp"
#include "bora/tuple_fields.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/registry_view.hpp"
#include "topologies/thresholds/limits.hpp"

namespace bora::thresholds {

using RegistrySource = std::function<const coldchain::RegistryView&()>;

/// A reading, and the record that it was in. Plain bytes.
struct LocatedReading {
  coldchain::Reading reading;
  RecordPosition position;
};

/// The same with its device's limits.
struct ConfiguredReading {
  LocatedReading located;
  Limits limits;
};

/// An alert, if nobody alerted of the same within the hour; and the record that it is made from.
struct Candidate {
  coldchain::Alert alert;
  RecordPosition position;
};

/// For taps.
inline void tuple_json(const LocatedReading& in, std::string& out) { tuple_json(in.reading, out); }
inline void tuple_json(const ConfiguredReading& in, std::string& out) {
  TupleFields(out)
      .add("reading", in.located)
      .add("min", in.limits.min_temperature)
      .add("max", in.limits.max_temperature)
      .add("min_battery", in.limits.min_battery);
}
inline void tuple_json(const Candidate& in, std::string& out) { tuple_json(in.alert, out); }

/// Reads readings, and refuses what is none (Permanent, with the reason).
class ParseBolt final : public Bolt<ConsumedRecord, LocatedReading> {
 public:
  void execute(const ConsumedRecord& in) override;
};

/// Attaches the limits of the reading's device; readings of devices without any go no further.
///
/// Limits are parsed once for each version of a registry entry, and kept, some 100 bytes a device. A
/// change counts from the next reading on. While the registry is being read for the first time readings
/// fail as Unavailable, so their source waits.
class ConfigBolt final : public Bolt<LocatedReading, ConfiguredReading> {
 public:
  explicit ConfigBolt(RegistrySource registry) : find_registry_(std::move(registry)) {}

  Status open(Context& context) override;
  void execute(const LocatedReading& in) override;
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  struct Known {
    std::uint64_t version = 0;  // of the registry, when it was last looked at
    std::shared_ptr<const coldchain::DeviceEntry> entry;  // what `limits` are parsed from
    Limits limits;
  };
  const Limits* limits_of(coldchain::DeviceId device);
  void parse(Known& known);

  RegistrySource find_registry_;
  const coldchain::RegistryView* registry_ = nullptr;
  Context* context_ = nullptr;
  std::unordered_map<coldchain::DeviceId, Known> known_;
  OwnedCount devices_;
  OwnedCount faulty_;
};

/// Too hot, or too cold.
class TemperatureBolt final : public Bolt<ConfiguredReading, Candidate> {
 public:
  void execute(const ConfiguredReading& in) override;
};

class BatteryBolt final : public Bolt<ConfiguredReading, Candidate> {
 public:
  void execute(const ConfiguredReading& in) override;
};

/// Adds name, group, owner and phone.
class InfoBolt final : public Bolt<Candidate, Candidate> {
 public:
  explicit InfoBolt(RegistrySource registry) : find_registry_(std::move(registry)) {}
  Status open(Context&) override;
  void execute(const Candidate& in) override;

 private:
  RegistrySource find_registry_;
  const coldchain::RegistryView* registry_ = nullptr;
};

}  // namespace bora::thresholds
