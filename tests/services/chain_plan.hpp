#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bora/record.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/series_store.hpp"

/// What is sent into the chain of topologies, and what must come out of each: an oracle that knows the
/// rules of the specification and none of the code that implements them.
/// Threads: plain values; single-owner.
namespace bora::services {

struct DeviceIdentity {
  coldchain::DeviceId id{};
  coldchain::DeviceSecret secret;
};
struct GatewayIdentity {
  coldchain::GatewayId id{};
  coldchain::GatewaySecret secret;
};

/// Who exists. What a device is good for goes by its place in the list; see fault_of().
struct Cast {
  std::vector<DeviceIdentity> devices;
  std::vector<GatewayIdentity> gateways;
};

/// In every twenty devices, one each of the first five.
enum class Fault : std::uint8_t {
  kBadDeviceToken,   ///< Every second report of it has a wrong secret.
  kInactiveDevice,   ///< It is switched off.
  kUnknownDevice,    ///< It is not in the registry.
  kUnknownGateway,   ///< Every third report comes by a gateway that is not in the registry.
  kBadGatewayToken,  ///< Every third report has a wrong secret of its gateway.
  kNone,
};
[[nodiscard]] Fault fault_of(std::size_t device) noexcept;

/// Ids from `first` on, which no other test run uses; secrets made from them.
[[nodiscard]] Cast invent_cast(std::uint64_t first, std::size_t devices, std::size_t gateways);

/// What the registry says of a device: limits that some of its readings are beyond.
[[nodiscard]] std::map<std::string, std::string, std::less<>> config_of(std::size_t device);
/// As it is after its secret was changed by somebody else than the admin service, which changes none.
[[nodiscard]] Record registry_record_of(const DeviceIdentity& device);
/// Records of topic `registry`, for those who are to be in it.
[[nodiscard]] std::vector<Record> registry_records(const Cast& cast);

/// Texts, and how often each must be found.
using Tally = std::map<std::string, std::uint64_t>;

/// One point of a curve, by what identifies it.
using PointKey = std::tuple<std::uint64_t, std::uint64_t, std::uint8_t, std::int64_t>;
using Points = std::map<PointKey, double>;

struct ChainPlan {
  std::vector<Record> reports;
  Tally readings;  ///< As reading_text() writes them.
  Tally rejected;  ///< "REASON READING"
  Tally dead;      ///< "REASON VALUE"
  Tally reasons;   ///< Of all that are no readings.
  Points points;
  std::set<std::string> secrets;  ///< As they stand in reports.
};
/// Reports go round the devices. On top of them: one in fifty is sent twice, one in forty has a broken
/// copy, of each kind in turn.
[[nodiscard]] ChainPlan make_plan(const Cast& cast, std::uint64_t reports);

/// The reading as JSON, without the time at which it was received.
[[nodiscard]] std::string reading_text(coldchain::Reading reading);

/// How alerts, as "ID VALUE LIMIT", break the rules; empty when they do not: each is about a reading that
/// is beyond a limit, two of a device and kind are an hour apart at least, and no such reading is
/// without an alert less than an hour away. Which of the readings of an hour is told of depends on
/// their order, and is not asked.
[[nodiscard]] std::string broken_rules(const Cast& cast,
                                       const std::vector<coldchain::Reading>& readings,
                                       const Tally& alerts);

/// What differs, in words: empty when nothing does. At most some lines of each kind.
[[nodiscard]] std::string differences(const Tally& expected, const Tally& found);

}  // namespace bora::services
