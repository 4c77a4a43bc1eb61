#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "services/dashboard/fleet.hpp"

/// The answers of web/API.md. Ids are strings: they have 64 bits, a number in JavaScript 53.
///
/// Threads: free functions; any.
namespace bora::dashboard {

/// `run` names this run of the process: a cursor of another one asks for everything.
[[nodiscard]] std::string devices_json(const Fleet& fleet, std::string_view run,
                                       std::string_view since, WallTime now);
[[nodiscard]] std::string alerts_json(const std::vector<coldchain::Alert>& alerts);
[[nodiscard]] std::string gateways_json(const Fleet::Gateways& gateways, WallTime now);

}  // namespace bora::dashboard
