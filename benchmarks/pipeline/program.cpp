#include "benchmarks/pipeline/program.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "benchmarks/pipeline/harness.hpp"
#include "benchmarks/pipeline/report.hpp"

namespace bora::bench {

namespace {

std::vector<std::string> chosen_names(const Suites& suites, const Options& options) {
  std::vector<std::string> names;
  for (const Suite& suite : suites.all())
    for (const Contestant& contestant : suite.contestants)
      if (is_chosen(suite, contestant, options))
        names.push_back(suite.name + "/" + contestant.name);
  return names;
}

}  // namespace

int run_program(const Suites& suites, const Options& options) {
  const std::vector<std::string> chosen = chosen_names(suites, options);
  if (chosen.empty()) {
    std::fprintf(stderr, "no contestant matches --only; --list without it shows their names\n");
    return 2;
  }
  if (options.list) {
    for (const std::string& name : chosen)
      std::printf("%s\n", name.c_str());
    return 0;
  }

  print_conditions(options);
  std::vector<SuiteRuns> results;
  for (const Suite& suite : suites.all()) {
    results.push_back(run_suite(suite, options));
    print_suite(results.back());
  }
  if (options.json_path.empty()) return 0;
  if (const Status written = write_json(options.json_path, options, results); !written) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace bora::bench
