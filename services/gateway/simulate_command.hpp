#pragma once

#include "host/run.hpp"

namespace bora::gateway {

/// `simulate`: makes reports of the readings in CSV files, or of random ones, and publishes them to
/// standard output (`-`), into an embedded topic log (`log:DIR`) or to an HTTP endpoint
/// (`http://HOST:PORT/PATH`). SIGINT and SIGTERM end it between two records.
///
/// Exit code 0 when everything was published, 1 when not, 2 for wrong usage.
[[nodiscard]] host::Command simulate_command();

}  // namespace bora::gateway
