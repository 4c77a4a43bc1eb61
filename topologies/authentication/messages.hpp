#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/tuple_fields.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/messages.hpp"

/// What the bolts of the topology say to each other.
namespace bora::authentication {

/// What became of a report, or of one of its two claims. In this order the first fault is the reason.
enum class Finding : std::uint8_t {
  kAccepted,
  kUnknownDevice,
  kBadDeviceToken,
  kInactiveDevice,
  kUnknownGateway,
  kBadGatewayToken,
  kLetGo,  ///< The topology drains before it was found out: the report will come again.
};
inline constexpr std::size_t kFindings = 7;

/// `unknown_device`, ...: part of the wire contract of topic `reports.rejected`.
[[nodiscard]] constexpr std::string_view to_string(Finding finding) noexcept {
  switch (finding) {
    case Finding::kAccepted: return "accepted";
    case Finding::kUnknownDevice: return "unknown_device";
    case Finding::kBadDeviceToken: return "bad_device_token";
    case Finding::kInactiveDevice: return "inactive_device";
    case Finding::kUnknownGateway: return "unknown_gateway";
    case Finding::kBadGatewayToken: return "bad_gateway_token";
    case Finding::kLetGo: return "let_go";
  }
  return "unknown";
}

/// Names one attempt at one report within the process: a report that is tried again gets another one,
/// so that halves of different attempts never meet.
using Attempt = std::uint64_t;

struct DeviceClaim {
  Attempt attempt = 0;
  coldchain::DeviceId id{};
  coldchain::DeviceSecret secret;
  ConsumedRecord record;  ///< Goes with this half only; a count of owners costs more than a hop.
};

struct GatewayClaim {
  Attempt attempt = 0;
  coldchain::GatewayId id{};
  coldchain::GatewaySecret secret;
};

/// One half of the answer.
struct Verdict {
  Attempt attempt = 0;
  Finding finding = Finding::kAccepted;
  coldchain::DeviceId device_id{};  ///< Of the half about the device, as the record.
  ConsumedRecord record;
};

/// A report that was accepted or rejected.
struct Outcome {
  Finding finding = Finding::kAccepted;
  coldchain::DeviceId device_id{};
  WallTime received{};
  ConsumedRecord record;
};

/// For taps: no secret, and no payload, which holds some.
inline void tuple_json(const DeviceClaim& in, std::string& out) {
  TupleFields(out).add("device", in.id).add("record", in.record);
}
inline void tuple_json(const GatewayClaim& in, std::string& out) {
  TupleFields(out).add("gateway", in.id);
}
inline void tuple_json(const Verdict& in, std::string& out) {
  TupleFields(out).add("finding", to_string(in.finding)).add("device", in.device_id);
}
inline void tuple_json(const Outcome& in, std::string& out) {
  TupleFields(out)
      .add("finding", to_string(in.finding))
      .add("device", in.device_id)
      .add("record", in.record);
}

}  // namespace bora::authentication
