#pragma once

#include "bora/clock.hpp"
#include "host/run.hpp"
#include "services/gateway/gateway_options.hpp"

namespace bora::gateway {

/// `input`: messages from standard input into the outbox, an answer to each on standard output, as
/// LineInput says. Needs no running gateway, and may run beside one. Exit code 0 when all were
/// accepted, 1 when not.
[[nodiscard]] host::Command input_command(const GatewayOptions& options, const Clock& clock);

/// `status`: what waits in the outbox, and how delivery goes; whether or not a gateway runs. Exit code 1
/// when there is no outbox to read.
[[nodiscard]] host::Command status_command(const GatewayOptions& options, const Clock& clock);

}  // namespace bora::gateway
