#include <optional>

#include "benchmarks/pipeline/engine_contestants.hpp"
#include "benchmarks/pipeline/floors.hpp"
#include "benchmarks/pipeline/options.hpp"
#include "benchmarks/pipeline/program.hpp"
#include "benchmarks/pipeline/raw_contestants.hpp"
#include "benchmarks/pipeline/suite.hpp"

int main(int argc, char** argv) {
  using namespace bora::bench;
  int exit_code = 0;
  const std::optional<Options> options = parse_options(
      {.about = "Pipeline benchmarks: the engine beside hand-written floors, run alternately.",
       .tuples = 5'000'000,
       .smoke_tuples = 50'000},
      argc, argv, exit_code);
  if (!options) return exit_code;

  Suites suites = standard_suites();
  add_floors(suites);
  add_engine(suites);
  add_raw(suites);
  return run_program(suites, *options);
}
