#pragma once

#include <functional>
#include <string>
#include <vector>

#include "benchmarks/pipeline/options.hpp"
#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// One measured run.
struct Run {
  std::uint64_t tuples = 0;
  Stopwatch::Reading elapsed;
  double other_load = 0;  ///< share of the machine (0..1) that others used meanwhile
  double p50_us = 0, p99_us = 0, p999_us = 0;  ///< latency suites
  double late_p50_us = 0, late_p99_us = 0;     ///< of the source's own wake-up

  [[nodiscard]] double tuples_per_second() const {
    return static_cast<double>(tuples) / elapsed.wall_seconds;
  }
  [[nodiscard]] double cores() const { return elapsed.cpu_seconds / elapsed.wall_seconds; }
  [[nodiscard]] double cpu_ns_per_tuple() const {
    return elapsed.cpu_seconds * 1e9 / static_cast<double>(tuples);
  }
  [[nodiscard]] double allocations_per_tuple() const {
    return static_cast<double>(elapsed.allocations) / static_cast<double>(tuples);
  }
  [[nodiscard]] bool is_disturbed() const;
};

/// All measured runs of one contestant; the n-th belongs to round n in every contestant of a suite.
struct ContestantRuns {
  const Contestant* contestant = nullptr;
  std::vector<Run> runs = {};
};

struct SuiteRuns {
  const Suite* suite = nullptr;
  std::vector<ContestantRuns> contestants = {};

  [[nodiscard]] const ContestantRuns* find(const std::string& name) const;
};

/// Median and range of what was seen.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
[[nodiscard]] Spread spread_of(std::vector<double> values);

using Figure = std::function<double(const Run&)>;
[[nodiscard]] Spread spread_of(const ContestantRuns& runs, const Figure& figure);
/// Of the ratios round by round, which is steadier than the ratio of two medians: what slows a round
/// down slows neighbours in time alike.
[[nodiscard]] Spread ratio_of(const ContestantRuns& of, const ContestantRuns& to,
                              const Figure& figure);

/// Runs the chosen contestants of a suite: one warm-up round, then `options.rounds`, in forward and
/// backward order alternately. Ends the program with a message when a contestant computes something
/// else than the first one, loses tuples or leaves acks open: its figures would mean nothing.
[[nodiscard]] SuiteRuns run_suite(const Suite& suite, const Options& options);

[[nodiscard]] bool is_chosen(const Suite& suite, const Contestant& contestant,
                             const Options& options);

}  // namespace bora::bench
