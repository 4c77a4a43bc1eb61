#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/pipeline/engine_contestants.hpp"
#include "benchmarks/pipeline/floors.hpp"
#include "benchmarks/pipeline/harness.hpp"
#include "benchmarks/pipeline/options.hpp"
#include "benchmarks/pipeline/raw_contestants.hpp"
#include "benchmarks/pipeline/report.hpp"
#include "benchmarks/pipeline/suite.hpp"

namespace {

using namespace bora::bench;

std::vector<std::string> chosen_names(const Suites& suites, const Options& options) {
  std::vector<std::string> names;
  for (const Suite& suite : suites.all())
    for (const Contestant& contestant : suite.contestants)
      if (is_chosen(suite, contestant, options))
        names.push_back(suite.name + "/" + contestant.name);
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<Options> options = parse_options(argc, argv, exit_code);
  if (!options) return exit_code;

  Suites suites = standard_suites();
  add_floors(suites);
  add_engine(suites);
  add_raw(suites);

  const std::vector<std::string> chosen = chosen_names(suites, *options);
  if (chosen.empty()) {
    std::fprintf(stderr, "no contestant matches --only; --list without it shows their names\n");
    return 2;
  }
  if (options->list) {
    for (const std::string& name : chosen)
      std::printf("%s\n", name.c_str());
    return 0;
  }

  print_conditions(*options);
  std::vector<SuiteRuns> results;
  for (const Suite& suite : suites.all()) {
    results.push_back(run_suite(suite, *options));
    print_suite(results.back());
  }
  if (options->json_path.empty()) return 0;
  if (const bora::Status written = write_json(options->json_path, *options, results); !written) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return 1;
  }
  return 0;
}
