#pragma once

#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_cast.hpp"
#include "services/coldchain/demo_script.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::demo {

/// Says what must become of everything that is sent, by the rules of the cold chain and by none of the
/// code that implements them: a pure function of the cast and of the calls.
///
/// The order counts where the rules make it count: of the readings of an hour that are beyond a limit,
/// the one that arrives first is told of. So the readings of a device are to arrive as they were sent.
/// Threads: single-owner. Lifetime: the audit outlives it; it may move.
class Oracle {
 public:
  /// `over_http` posts to the ingest, the others publish into the topic.
  Oracle(const Cast& cast, coldchain::GatewayId over_http, Audit& audit);

  void sent(const ScriptedRecord& record);
  /// All that was sent is worked off, the time is `now`, and nothing is sent for a while.
  void quiet(WallTime now);

 private:
  struct Device {
    coldchain::DeviceSecret secret = {};
    bool is_active = false;
    double least = 0;
    double most = 0;
    double least_battery = 0;
    WallTime last{};  ///< The newest reading of it.
    bool is_silent = false;
  };

  [[nodiscard]] std::string_view fault_of(const coldchain::Report& report) const;
  void broken(const ScriptedRecord& record);
  void accepted(const coldchain::Report& report);
  void beyond(const coldchain::Report& report, coldchain::AlertKind kind, double value,
              double limit);
  void alert(const coldchain::Alert& alert);

  std::map<coldchain::DeviceId, Device> devices_;
  std::map<coldchain::GatewayId, coldchain::GatewaySecret> gateways_;
  /// Times of the readings that were told of.
  std::map<std::pair<coldchain::DeviceId, coldchain::AlertKind>, std::set<WallTime>> told_;
  std::set<std::pair<coldchain::DeviceId, WallTime>> points_;
  const coldchain::GatewayId over_http_;
  Audit& audit_;
};

/// How the audit names things; for those who look what is there.
[[nodiscard]] std::string archived_item(coldchain::DeviceId device, std::string_view message);
[[nodiscard]] std::string reading_item(const coldchain::Reading& reading);
[[nodiscard]] std::string point_item(coldchain::DeviceId device, coldchain::GatewayId gateway,
                                     WallTime time, double value);
/// With value and limit, but for a silence: how long it had lasted depends on who looked when.
[[nodiscard]] std::string alert_item(const coldchain::Alert& alert);

}  // namespace bora::demo
