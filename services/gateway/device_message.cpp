#include "services/gateway/device_message.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "topologies/coldchain/codec.hpp"

namespace bora::gateway {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// The identity that takes the most bytes: what fits with it fits with every other.
const GatewayIdentity& longest_identity() {
  static const GatewayIdentity identity{
      coldchain::GatewayId{std::numeric_limits<std::uint64_t>::max()},
      coldchain::GatewaySecret{std::string(coldchain::GatewaySecret::kMaxBytes, 'F')}};
  return identity;
}

/// The message with the gateway as its first field. What is no object is left as it is.
std::string with_gateway(const GatewayIdentity& gateway, std::string_view message) {
  const std::size_t brace = message.find_first_not_of(kBlanks);
  if (brace == std::string_view::npos || message[brace] != '{') return std::string{message};
  const std::string_view fields = message.substr(brace + 1);
  const std::size_t first = fields.find_first_not_of(kBlanks);
  const bool is_empty = first != std::string_view::npos && fields[first] == '}';
  std::string report = R"({"gateway":{"id":)";
  report += std::to_string(to_uint(gateway.id));
  report.append(R"(,"token":")").append(gateway.secret.reveal()).append("\"}");
  if (!is_empty) report += ',';
  return report.append(fields);
}

}  // namespace

coldchain::Parsed<OutgoingReport> make_report(const GatewayIdentity& gateway,
                                              std::string_view message) {
  std::string value = with_gateway(gateway, message);
  const auto identity = coldchain::parse_identity(coldchain::MessageKind::kReport, value);
  if (identity) return OutgoingReport{coldchain::record_key(identity->device_id), std::move(value)};
  coldchain::Rejection rejection = identity.rejection();
  if (rejection.reason == coldchain::RejectReason::kDuplicateField &&
      rejection.text.starts_with("gateway"))
    rejection.text = "a device's message must not hold gateway: the gateway puts its own there";
  return rejection;
}

std::optional<coldchain::Rejection> check_message(std::string_view message) {
  const auto report = make_report(longest_identity(), message);
  return report ? std::nullopt : std::optional{report.rejection()};
}

bool is_gateway_secret(std::string_view text) noexcept {
  return !text.empty() && text.size() <= coldchain::GatewaySecret::kMaxBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

}  // namespace bora::gateway
