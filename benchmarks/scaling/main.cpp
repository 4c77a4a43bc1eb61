#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "benchmarks/scaling/curves.hpp"

namespace {

using namespace bora::scaling;
using Json = nlohmann::ordered_json;

Json spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {
      {"median", values[values.size() / 2]}, {"least", values.front()}, {"most", values.back()}};
}

/// Rounds over the points, every other one backwards.
Json run_curve(const Curve& curve, const bora::peers::Options& options, int rounds) {
  std::vector<std::vector<Cost>> costs(curve.points.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < curve.points.size(); ++i) {
      const std::size_t nth = round % 2 == 0 ? i : curve.points.size() - 1 - i;
      costs[nth].push_back(curve.run(options, curve.points[nth]));
    }
  Json points = Json::array();
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    std::vector<double> rates;
    std::vector<double> cpu;
    for (const Cost& cost : costs[i]) {
      rates.push_back(cost.tuples_per_second);
      cpu.push_back(cost.cpu_us_per_tuple);
    }
    const Json rate = spread_of(rates);
    std::printf("%-11s %9llu %14.0f tuples/s [%.0f..%.0f] %8.3f us of CPU\n", curve.name.c_str(),
                static_cast<unsigned long long>(curve.points[i]), rate["median"].get<double>(),
                rate["least"].get<double>(), rate["most"].get<double>(),
                spread_of(cpu)["median"].get<double>());
    points.push_back({{"x", curve.points[i]}, {"throughput", rate}, {"cpu_us", spread_of(cpu)}});
  }
  std::fflush(stdout);
  return {{"name", curve.name}, {"about", curve.about}, {"points", points}};
}

}  // namespace

int main(int argc, char** argv) {
  bora::peers::Options options{
      .guarantee = bora::peers::Guarantee::kAtLeastOnce, .warmup = 0.1, .seconds = 0.4};
  int rounds = 3;
  bool is_smoke = false;
  std::string json_path;
  std::vector<std::string> only;
  CLI::App app{"How throughput scales: one thing varied at a time, everything acked."};
  app.add_option("--seconds", options.seconds, "That are measured, of each point")
      ->capture_default_str();
  app.add_option("--rounds", rounds, "Over all points")->capture_default_str();
  app.add_option("--only", only, "Names of curves")->type_name("NAME");
  app.add_option("--json", json_path, "Write the results")->type_name("FILE");
  app.add_flag("--smoke", is_smoke, "Each point once, tiny: the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (is_smoke) {
    rounds = 1;
    options.warmup = 0;
    options.seconds = 0.01;
  }
  Json curves = Json::array();
  for (const Curve& curve : all_curves())
    if (only.empty() || std::find(only.begin(), only.end(), curve.name) != only.end())
      curves.push_back(run_curve(curve, options, rounds));
  if (json_path.empty()) return 0;
  std::ofstream file{json_path};
  file << Json{{"seconds", options.seconds}, {"rounds", rounds}, {"curves", curves}}.dump(1)
       << '\n';
  return file.flush() ? 0 : 1;
}
