#include "benchmarks/pipeline/harness.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "benchmarks/pipeline/machine.hpp"

namespace bora::bench {

namespace {

[[noreturn]] void end_with(const std::string& suite, const std::string& contestant,
                           const std::string& what) {
  std::fprintf(stderr, "%s/%s: %s\n", suite.c_str(), contestant.c_str(), what.c_str());
  std::exit(1);
}

/// What all contestants of a suite must agree on.
class Verifier {
 public:
  Verifier(std::string suite, std::uint64_t tuples) : suite_(std::move(suite)), tuples_(tuples) {}

  void verify(const std::string& contestant, const Outcome& outcome) {
    if (outcome.checksum.count() != tuples_)
      end_with(suite_, contestant,
               "the sink took " + std::to_string(outcome.checksum.count()) + " tuples of " +
                   std::to_string(tuples_));
    if (!outcome.acks_complete)
      end_with(suite_, contestant, "the acks that came back are not the tuples that were emitted");
    if (!sum_) {
      sum_ = outcome.checksum.sum();
      first_ = contestant;
    } else if (*sum_ != outcome.checksum.sum()) {
      end_with(suite_, contestant,
               "its checksum " + std::to_string(outcome.checksum.sum()) + " is not that of " +
                   first_ + ", " + std::to_string(*sum_));
    }
  }

 private:
  std::string suite_;
  std::uint64_t tuples_;
  std::optional<std::uint64_t> sum_;
  std::string first_;
};

std::uint64_t tuples_of(const Suite& suite, const Load& load) {
  return suite.measures == Measures::kThroughput ? load.tuples
                                                 : OpenLoop{load.rate, load.seconds}.tuples();
}

Run run_once(const Contestant& contestant, const Load& load, std::uint64_t tuples,
             const Options& options, Outcome& outcome) {
  if (options.quiet_seconds > 0)
    wait_for_quiet(std::chrono::milliseconds{static_cast<int>(options.quiet_seconds * 1000)});
  Stopwatch watch;
  Stopwatch whole;
  const ProcessorTime before = processor_time();
  whole.start();
  outcome = contestant.run(load, watch);
  whole.stop();
  const double other = other_load(before, processor_time(), whole.elapsed().cpu_seconds);
  return {.tuples = tuples,
          .elapsed = watch.elapsed(),
          .other_load = other,
          .p50_us = percentile_us(outcome.latency_ns, 0.5),
          .p99_us = percentile_us(outcome.latency_ns, 0.99),
          .p999_us = percentile_us(outcome.latency_ns, 0.999),
          .late_p50_us = percentile_us(outcome.lateness_ns, 0.5),
          .late_p99_us = percentile_us(outcome.lateness_ns, 0.99)};
}

}  // namespace

bool Run::is_disturbed() const { return other_load > kForeignLoadLimit; }

const ContestantRuns* SuiteRuns::find(const std::string& name) const {
  for (const ContestantRuns& runs : contestants)
    if (runs.contestant->name == name) return &runs;
  return nullptr;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

Spread spread_of(const ContestantRuns& runs, const Figure& figure) {
  std::vector<double> values;
  for (const Run& run : runs.runs)
    values.push_back(figure(run));
  return spread_of(std::move(values));
}

Spread ratio_of(const ContestantRuns& of, const ContestantRuns& to, const Figure& figure) {
  std::vector<double> ratios;
  for (std::size_t round = 0; round < std::min(of.runs.size(), to.runs.size()); ++round)
    ratios.push_back(figure(of.runs[round]) / figure(to.runs[round]));
  return spread_of(std::move(ratios));
}

bool is_chosen(const Suite& suite, const Contestant& contestant, const Options& options) {
  const std::string name = suite.name + "/" + contestant.name;
  return options.only.empty() ||
         std::any_of(options.only.begin(), options.only.end(),
                     [&](const std::string& part) { return name.find(part) != std::string::npos; });
}

SuiteRuns run_suite(const Suite& suite, const Options& options) {
  SuiteRuns all{&suite};
  for (const Contestant& contestant : suite.contestants)
    if (is_chosen(suite, contestant, options)) all.contestants.push_back({&contestant});

  const Load load{std::min(options.tuples, suite.most_tuples), options.rate, options.seconds};
  const std::uint64_t tuples = tuples_of(suite, load);
  Verifier verifier{suite.name, tuples * suite.deliveries};
  for (int round = 0; round <= options.rounds; ++round) {
    std::vector<ContestantRuns*> order;
    for (ContestantRuns& runs : all.contestants)
      order.push_back(&runs);
    if (round % 2 == 1) std::reverse(order.begin(), order.end());
    for (ContestantRuns* runs : order) {
      Outcome outcome;
      const Run run = run_once(*runs->contestant, load, tuples, options, outcome);
      verifier.verify(runs->contestant->name, outcome);
      if (round > 0) runs->runs.push_back(run);  // round 0 warms up
    }
  }
  return all;
}

}  // namespace bora::bench
