#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/admin/admin_part.hpp"
#include "services/coldchain/demo_cast.hpp"

namespace bora::demo {

struct AdminLogin {
  std::uint16_t port = 0;  ///< Of the admin API, on loopback.
  std::string user = "demo";
  std::string password = {};
};

/// Makes the user in the registry itself, as `coldchain user add` does, with a password drawn at random.
/// Requires: the admin service does not run. Fails: as RegistryStore does.
[[nodiscard]] Result<AdminLogin> make_administrator(const admin::AdminOptions& options,
                                                    const Clock& clock);

/// Registers the cast through the admin API: logs in, creates gateways and devices, sets their limits,
/// switches them on, deletes whoever is meant to be unknown. Fills in their ids and secrets.
/// `go_on` is told after each device how many there are; false ends it.
/// Fails: kUnavailable, kInvalid with what the API answered; kClosed when it was told to end.
[[nodiscard]] Status provision(const AdminLogin& login, Cast& cast,
                               const std::function<bool(std::size_t done)>& go_on);

}  // namespace bora::demo
