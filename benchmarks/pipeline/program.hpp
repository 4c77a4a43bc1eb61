#pragma once

#include "benchmarks/pipeline/options.hpp"
#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Runs or lists the suites as `options` says, prints them and writes the JSON; gives the program's
/// exit code.
[[nodiscard]] int run_program(const Suites& suites, const Options& options);

}  // namespace bora::bench
