#include "benchmarks/pipeline/report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "benchmarks/pipeline/machine.hpp"

namespace bora::bench {

namespace {

using Json = nlohmann::ordered_json;

/// A column of the table and of the JSON.
struct Column {
  const char* title;  // of the table, with the unit
  const char* key;    // of the JSON
  int decimals;
  Figure figure;
};

const std::vector<Column>& throughput_columns() {
  static const std::vector<Column> columns = {
      {"M tuples/s", "million_tuples_per_second", 2,
       [](const Run& run) { return run.tuples_per_second() / 1e6; }},
      {"CPU ns/tuple", "cpu_ns_per_tuple", 1,
       [](const Run& run) { return run.cpu_ns_per_tuple(); }},
      {"cores", "cores", 2, [](const Run& run) { return run.cores(); }},
      {"allocs/tuple", "allocations_per_tuple", 5,
       [](const Run& run) { return run.allocations_per_tuple(); }},
  };
  return columns;
}

const std::vector<Column>& latency_columns() {
  static const std::vector<Column> columns = {
      {"p50 us", "p50_us", 1, [](const Run& run) { return run.p50_us; }},
      {"p99 us", "p99_us", 1, [](const Run& run) { return run.p99_us; }},
      {"p99.9 us", "p999_us", 0, [](const Run& run) { return run.p999_us; }},
      {"cores", "cores", 2, [](const Run& run) { return run.cores(); }},
      {"source late p50", "source_late_p50_us", 1, [](const Run& run) { return run.late_p50_us; }},
      {"source late p99", "source_late_p99_us", 1, [](const Run& run) { return run.late_p99_us; }},
  };
  return columns;
}

const std::vector<Column>& columns_of(const Suite& suite) {
  return suite.measures == Measures::kThroughput ? throughput_columns() : latency_columns();
}

/// The columns of which ratios are printed. CPU per tuple stays telling when others use the machine;
/// tuples per second do not.
std::vector<Column> ratio_columns_of(const Suite& suite) {
  const std::vector<Column>& columns = columns_of(suite);
  if (suite.measures == Measures::kThroughput) return {columns[0], columns[1]};
  return {columns[0], columns[1], columns[3]};
}

std::string text_of(const Spread& spread, int decimals) {
  return fmt::format("{:.{}f} [{:.{}f}..{:.{}f}]", spread.median, decimals, spread.min, decimals,
                     spread.max, decimals);
}

Json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

std::ptrdiff_t disturbed(const ContestantRuns& runs) {
  return std::count_if(runs.runs.begin(), runs.runs.end(),
                       [](const Run& run) { return run.is_disturbed(); });
}

std::string sizes(const Options& options) {
  return fmt::format(
      "1 warm-up and {} measured rounds, order forward and backward alternately; {} tuples a run; "
      "latency: {} tuples/s open loop for {} s",
      options.rounds, options.tuples, options.rate, options.seconds);
}

Json json_of(const ContestantRuns& runs, const SuiteRuns& suite) {
  const std::vector<Column>& columns = columns_of(*suite.suite);
  Json out{{"name", runs.contestant->name}};
  for (const Column& column : columns)
    out[column.key] = json_of(spread_of(runs, column.figure));
  Json ratios = Json::object();
  for (const std::string& name : runs.contestant->against)
    if (const ContestantRuns* to = suite.find(name))
      for (const Column& column : ratio_columns_of(*suite.suite))
        ratios[name][column.key] = json_of(ratio_of(runs, *to, column.figure));
  out["ratio_to"] = std::move(ratios);
  out["rounds"] = Json::array();
  for (const Run& run : runs.runs) {
    Json round{{"wall_seconds", run.elapsed.wall_seconds},
               {"cpu_seconds", run.elapsed.cpu_seconds},
               {"other_load", run.other_load},
               {"disturbed", run.is_disturbed()}};
    for (const Column& column : columns)
      round[column.key] = column.figure(run);
    out["rounds"].push_back(std::move(round));
  }
  return out;
}

}  // namespace

void print_conditions(const Options& options) {
  for (const auto& [name, text] : describe_machine())
    fmt::print("{:<10} {}\n", name, text);
  fmt::print("{:<10} {}\n", "rounds", sizes(options));
  fmt::print(
      "{:<10} median [min..max]; ratios are medians of the ratios round by round; (n!) = n "
      "runs during which others used over {:.0f} % of the machine\n",
      "figures", kForeignLoadLimit * 100);
  std::fflush(stdout);
}

void print_suite(const SuiteRuns& suite) {
  if (suite.contestants.empty()) return;
  const std::vector<Column>& columns = columns_of(*suite.suite);
  fmt::print("\n{}: {}\n{:<24}", suite.suite->name, suite.suite->about, "");
  for (const Column& column : columns)
    fmt::print(" {:>22}", column.title);
  fmt::print("\n");
  for (const ContestantRuns& runs : suite.contestants) {
    const std::ptrdiff_t marks = disturbed(runs);
    fmt::print("{:<24}", runs.contestant->name + (marks > 0 ? fmt::format(" ({}!)", marks) : ""));
    for (const Column& column : columns)
      fmt::print(" {:>22}", text_of(spread_of(runs, column.figure), column.decimals));
    fmt::print("\n");
    for (const std::string& name : runs.contestant->against) {
      const ContestantRuns* to = suite.find(name);
      if (to == nullptr) continue;
      fmt::print("{:<24}", "");
      for (const Column& column : ratio_columns_of(*suite.suite))
        fmt::print("   {} x {}", column.title, text_of(ratio_of(runs, *to, column.figure), 2));
      fmt::print("   of {}\n", name);
    }
  }
  std::fflush(stdout);
}

Status write_json(const std::string& path, const Options& options,
                  const std::vector<SuiteRuns>& suites) {
  Json out;
  for (const auto& [name, text] : describe_machine())
    out["machine"][name] = text;
  out["options"] = {{"rounds", options.rounds},
                    {"tuples", options.tuples},
                    {"rate", options.rate},
                    {"seconds", options.seconds}};
  out["suites"] = Json::array();
  for (const SuiteRuns& suite : suites) {
    Json contestants = Json::array();
    for (const ContestantRuns& runs : suite.contestants)
      contestants.push_back(json_of(runs, suite));
    out["suites"].push_back({{"name", suite.suite->name},
                             {"about", suite.suite->about},
                             {"contestants", std::move(contestants)}});
  }
  std::ofstream file{path};
  file << out.dump(2) << '\n';
  file.flush();
  if (!file)
    return {ErrorKind::kInvalid, "cannot write the results to " + path +
                                     ": give --json a file in an existing, writable directory"};
  return Status::success();
}

}  // namespace bora::bench
