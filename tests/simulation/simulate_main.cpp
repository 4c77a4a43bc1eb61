// bora_simulate: runs scenarios under many seeds and says which fail.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <unistd.h>

#include "tests/simulation/scenario.hpp"

namespace {

using bora::simulation::Scenario;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 2000;
  std::string scenario;  // empty: all
  bool trace = false;
};

void print_usage() {
  std::puts(
      "bora_simulate [--seeds N] [--first SEED] [--scenario NAME] [--trace]\n\n"
      "Runs whole topologies on one thread under seeded schedules with faults, and checks what "
      "the\n"
      "engine promises. Prints every seed that fails; exit code 1 when one does.\n\n"
      "  --seeds N        how many seeds of each scenario (2000)\n"
      "  --first SEED     the first of them (1)\n"
      "  --scenario NAME  only this one:");
  for (const Scenario& scenario : bora::simulation::scenarios())
    std::printf("                     %-10s %s\n", scenario.name.data(), scenario.what.data());
  std::puts("  --trace          print every decision; for one seed");
}

bool read_number(const char* text, std::uint64_t& number) {
  const char* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  return read.ec == std::errc{} && read.ptr == end;
}

bool read_arguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (option == "--seeds" && read_number(value, arguments.seeds)) {
    } else if (option == "--first" && read_number(value, arguments.first)) {
    } else if (option == "--scenario") {
      arguments.scenario = value;
    } else {
      return false;
    }
    ++i;
  }
  return true;
}

struct Totals {
  std::uint64_t failures = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
};

void print_failure(const Scenario& scenario, const bora::testing::SimulationReport& report) {
  std::printf("%s, seed %llu FAILED:\n", scenario.name.data(),
              static_cast<unsigned long long>(report.seed));
  for (const std::string& violation : report.violations)
    std::printf("  %s\n", violation.c_str());
  std::printf("  replay: bora_simulate --scenario %s --first %llu --seeds 1 --trace\n",
              scenario.name.data(), static_cast<unsigned long long>(report.seed));
}

Totals run(const Scenario& scenario, const Arguments& arguments) {
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  const std::function<void(const std::string&)> trace =
      arguments.trace ? [](const std::string& line) { std::puts(line.c_str()); }
                      : std::function<void(const std::string&)>{};
  Totals totals;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    const auto report = scenario.run(arguments.first + i, trace);
    totals.steps += report.steps;
    totals.crashes += report.crashes;
    totals.restarts += report.restarts;
    totals.acked += report.acked;
    totals.failed += report.failed;
    if (!report.violations.empty()) {
      ++totals.failures;
      if (is_terminal) std::fputs("\r\033[K", stdout);
      print_failure(scenario, report);
    }
    if (is_terminal && (i % 10 == 9 || i + 1 == arguments.seeds)) {
      std::printf("\r%s: %llu of %llu seeds, %llu failed, %.0f s", scenario.name.data(),
                  static_cast<unsigned long long>(i + 1),
                  static_cast<unsigned long long>(arguments.seeds),
                  static_cast<unsigned long long>(totals.failures), seconds());
      std::fflush(stdout);
    }
  }
  if (is_terminal) std::fputs("\r\033[K", stdout);
  std::printf(
      "%s: seeds %llu to %llu in %.1f s: %llu steps, %llu crashes, %llu restarts, %llu messages "
      "acked,"
      " %llu failed; %llu seeds FAILED\n",
      scenario.name.data(), static_cast<unsigned long long>(arguments.first),
      static_cast<unsigned long long>(arguments.first + arguments.seeds - 1), seconds(),
      static_cast<unsigned long long>(totals.steps),
      static_cast<unsigned long long>(totals.crashes),
      static_cast<unsigned long long>(totals.restarts),
      static_cast<unsigned long long>(totals.acked), static_cast<unsigned long long>(totals.failed),
      static_cast<unsigned long long>(totals.failures));
  return totals;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read_arguments(argc, argv, arguments)) {
    print_usage();
    return 2;
  }
  std::uint64_t failures = 0;
  bool found = false;
  for (const Scenario& scenario : bora::simulation::scenarios()) {
    if (!arguments.scenario.empty() && arguments.scenario != scenario.name) continue;
    found = true;
    failures += run(scenario, arguments).failures;
  }
  if (!found) {
    std::fprintf(stderr, "bora_simulate: no scenario '%s'; see --help\n",
                 arguments.scenario.c_str());
    return 2;
  }
  return failures == 0 ? 0 : 1;
}
