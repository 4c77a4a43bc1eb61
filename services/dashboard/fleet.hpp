#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/thresholds/limits.hpp"

namespace bora::dashboard {

/// What there is to show of a device.
struct ShownDevice {
  enum class Standing : std::uint8_t { kUnknown, kInactive, kActive };
  struct Last {
    WallTime time{};
    double temperature = 0;
    std::uint8_t battery = 0;
  };
  struct LatestAlert {
    coldchain::AlertKind kind{};
    WallTime time{};
  };
  coldchain::DeviceId id{};
  Standing standing = Standing::kUnknown;  ///< kUnknown: readings, but no entry in the registry.
  coldchain::DeviceInfo info = {};
  thresholds::Limits limits = {};
  std::optional<Last> last = {};
  std::optional<LatestAlert> alert = {};
};

struct ShownGateway {
  coldchain::GatewayId id{};
  std::string name = {};
  std::optional<WallTime> last = {};  ///< When one of its readings was received.
  std::uint64_t readings = 0;
};

/// Devices, gateways and alerts as people look at them: put together from the registry, the readings and
/// the alerts. Everything may come twice and in any order: the newest by its own time counts.
///
/// Memory: some 400 bytes for each device, 300 for each alert that is kept.
/// Threads: thread-safe; one lock, held for as long as an answer takes to copy.
class Fleet {
 public:
  /// Alerts beyond `max_alerts` are forgotten, the oldest first.
  explicit Fleet(std::size_t max_alerts = 5'000) : max_alerts_(max_alerts) {}

  void apply(const coldchain::RegistryChange& change);
  void note(const coldchain::Reading& reading);
  void note(const coldchain::Alert& alert);
  /// The last reading as another source has it; one that is newer stays.
  void note_last(coldchain::DeviceId device, const ShownDevice::Last& last);

  struct Changes {
    std::uint64_t version = 0;  ///< To ask with next time.
    bool is_all = false;        ///< What is not among `devices` does not exist.
    std::vector<ShownDevice> devices = {};
    std::vector<coldchain::DeviceId> deleted = {};
  };
  /// What changed after `version`; 0 asks for everything.
  [[nodiscard]] Changes devices_since(std::uint64_t version) const;
  /// By the time of their readings, newest first.
  [[nodiscard]] std::vector<coldchain::Alert> alerts(std::optional<coldchain::DeviceId> device,
                                                     std::size_t limit) const;
  struct Gateways {
    std::vector<ShownGateway> list;
    std::vector<std::size_t> devices;  ///< How many each was heard to speak for, in that order.
  };
  /// By id.
  [[nodiscard]] Gateways gateways() const;
  /// Registered devices of which no reading is known.
  [[nodiscard]] std::vector<coldchain::DeviceId> without_reading() const;

 private:
  struct Kept {
    ShownDevice shown;
    std::uint64_t version = 0;  ///< Of its last change.
  };
  struct KeptGateway {
    ShownGateway shown;
    std::unordered_set<coldchain::DeviceId> devices;
  };

  Kept& changed(coldchain::DeviceId id);
  void keep_last(Kept& device, const ShownDevice::Last& last);
  void apply_device(const coldchain::DeviceEntry& entry);
  void forget_device(coldchain::DeviceId id);

  const std::size_t max_alerts_;
  mutable std::mutex mutex_;  // guards everything below
  std::uint64_t version_ = 0;
  std::unordered_map<coldchain::DeviceId, Kept> devices_;
  std::map<coldchain::DeviceId, std::uint64_t> deleted_;  // and in which version
  std::map<coldchain::GatewayId, KeptGateway> gateways_;
  std::map<std::pair<WallTime, std::string>, coldchain::Alert> alerts_;  // by time, then id
};

}  // namespace bora::dashboard
