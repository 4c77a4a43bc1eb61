#pragma once

#include "bora/clock.hpp"
#include "host/run.hpp"
#include "services/admin/admin_part.hpp"

namespace bora::admin {

/// `user add NAME --permission P` reads a password from the terminal, unseen and twice, or the first
/// line of standard input; `user list`; `user remove NAME`. For the first administrator, and for when
/// nobody can log in: they open the registry themselves, so the service must not run.
///
/// `options` and `clock` outlive the command.
[[nodiscard]] host::Command user_command(const AdminOptions& options, const Clock& clock);

}  // namespace bora::admin
