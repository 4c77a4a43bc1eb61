#pragma once

#include <string>
#include <string_view>

#include "bora/clock.hpp"

namespace bora::authentication {

/// Appends the report without `gateway.token` and `device.auth` and with `received`, and with `reason`
/// first if there is one. Everything else stays as it was written, fields that the format does not name
/// too. Requires: parse_report() accepts the report.
///
/// A report that spells a name with escapes is written anew from the fields of the format, without the
/// others: so a secret cannot hide behind an escape.
///
/// Threads: any.
void write_without_secrets(std::string_view report, WallTime received, std::string_view reason,
                           std::string& out);

}  // namespace bora::authentication
