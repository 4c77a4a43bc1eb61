#include "benchmarks/pipeline/options.hpp"

#include <CLI/CLI.hpp>

namespace bora::bench {

std::optional<Options> parse_options(const Defaults& defaults, int argc, char** argv,
                                     int& exit_code) {
  Options options;
  options.tuples = defaults.tuples;
  bool smoke = false;
  CLI::App app{defaults.about};
  app.add_option("--rounds", options.rounds, "Measured rounds, after one warm-up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--tuples", options.tuples, "Tuples of a throughput run")
      ->check(CLI::Range(std::uint64_t{1000}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "Tuples per second of a latency run")
      ->check(CLI::Range(std::uint64_t{10'000}, std::uint64_t{100'000'000}))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Length of a latency run")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--quiet", options.quiet_seconds,
                 "Seconds to wait for a quiet machine before each run; 0 does not wait")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  app.add_option("--only", options.only,
                 "Run contestants whose suite/name contains this; repeatable")
      ->type_name("NAME");
  app.add_option("--json", options.json_path, "Write the results as JSON")->type_name("FILE");
  app.add_flag("--smoke", smoke, "One short round that checks results, not speed");
  app.add_flag("--list", options.list, "List the contestants and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  if (smoke) {
    options.rounds = 1;
    options.tuples = defaults.smoke_tuples;
    options.seconds = 0.1;
    options.quiet_seconds = 0;
  }
  return options;
}

}  // namespace bora::bench
