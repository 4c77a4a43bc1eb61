#pragma once

#include <string>
#include <vector>

#include "benchmarks/pipeline/harness.hpp"
#include "bora/status.hpp"

namespace bora::bench {

/// Prints what the figures depend on: machine, compiler, flags, rounds, sizes.
void print_conditions(const Options& options);

/// Prints a suite as a table: median [min..max] over the rounds, then the ratios.
void print_suite(const SuiteRuns& runs);

/// Writes everything that was measured, run by run, with the medians beside it.
/// Fails when the file cannot be written.
[[nodiscard]] Status write_json(const std::string& path, const Options& options,
                                const std::vector<SuiteRuns>& suites);

}  // namespace bora::bench
