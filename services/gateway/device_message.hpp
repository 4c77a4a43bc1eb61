#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

/// What a device says to its gateway: its own part of a report, one JSON object without `gateway`:
///
///   {"device":{"id":123,"auth":"64089519511846157"},"reading":{"temp":4.5,"time":1466380800123,"batt":75}}
///
/// The outbox holds it as it came. The gateway's own identity is put in front only when it is published,
/// so that its secret is not stored, and one that was replaced meanwhile counts for what waits too.
///
/// Threads: any.
namespace bora::gateway {

struct GatewayIdentity {
  coldchain::GatewayId id{};
  /// Of printable ASCII without quotes and backslashes.
  coldchain::GatewaySecret secret;
};

/// A record of topic `reports`.
struct OutgoingReport {
  std::string key;    ///< The device id as text.
  std::string value;  ///< The device's bytes, save for the gateway that was put in.
};

/// Fails for what no report can be made of; fields that the format does not name are kept.
[[nodiscard]] coldchain::Parsed<OutgoingReport> make_report(const GatewayIdentity& gateway,
                                                            std::string_view message);

/// Why make_report() would not take the message, whatever the gateway. Does not look at clocks: that of
/// a gateway that was without power may be the one that is wrong.
[[nodiscard]] std::optional<coldchain::Rejection> check_message(std::string_view message);

/// Whether a secret is one that GatewayIdentity may hold.
[[nodiscard]] bool is_gateway_secret(std::string_view text) noexcept;

}  // namespace bora::gateway
