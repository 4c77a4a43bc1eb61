#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "benchmarks/pipeline/harness.hpp"
#include "benchmarks/scrape/cpu_time.hpp"
#include "benchmarks/scrape/load.hpp"

namespace {

using namespace bora::scrape;
using bora::bench::Spread;
using bora::bench::spread_of;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

constexpr std::array kShapes{
    Shape{"chain", "four components, a thread each", 1, false},
    Shape{"wide", "ten topologies of four components, a thread each topology", 10, true}};
/// Scrapes a second: none, what is asked about, and so many that what one costs stands out.
constexpr std::array<std::uint64_t, 3> kRates{0, 1, 50};
constexpr double kUsualSeconds = 15;  // between two scrapes

struct Window {
  double rate = 0;  // tuples a second
  std::uint64_t scrapes = 0;
  double seconds = 0;
  CpuTime cpu;
};

/// So many seconds of load, with scrapes spread evenly over them.
Window watch(Load& load, double seconds, std::uint64_t per_second) {
  Window window;
  const auto scrapes = static_cast<std::uint64_t>(seconds * static_cast<double>(per_second) + 0.5);
  const CpuTime cpu = cpu_time();
  const std::uint64_t acked = load.acked();
  const Clock::time_point begin = Clock::now();
  const auto at = [&](double second) {
    return begin + std::chrono::duration_cast<Clock::duration>(Seconds{second});
  };
  for (; window.scrapes < scrapes; ++window.scrapes) {
    std::this_thread::sleep_until(
        at((static_cast<double>(window.scrapes) + 0.5) / static_cast<double>(per_second)));
    load.scrape();
  }
  std::this_thread::sleep_until(at(seconds));
  const std::uint64_t more = load.acked() - acked;
  window.seconds = Seconds{Clock::now() - begin}.count();
  const CpuTime now = cpu_time();
  window.rate = static_cast<double>(more) / window.seconds;
  window.cpu = {now.scraper - cpu.scraper, now.control - cpu.control, now.engine - cpu.engine};
  return window;
}

using Windows = std::array<std::vector<Window>, kRates.size()>;

/// Rounds of one window each; every other one backwards. The first warms up and does not count.
Windows run_rounds(Load& load, int rounds, double seconds) {
  Windows all;
  for (int round = 0; round <= rounds; ++round)
    for (std::size_t i = 0; i < kRates.size(); ++i) {
      const std::size_t nth = round % 2 == 0 ? i : kRates.size() - 1 - i;
      const Window window = watch(load, seconds, kRates[nth]);
      if (round > 0) all[nth].push_back(window);
    }
  return all;
}

/// Round by round, what `figure` says of both.
template <class Figure>
Spread over_rounds(const std::vector<Window>& of, const std::vector<Window>& to, Figure figure) {
  std::vector<double> values;
  for (std::size_t i = 0; i < of.size(); ++i)
    values.push_back(figure(of[i], to[i]));
  return spread_of(values);
}

Json json_of(const Spread& spread) {
  return {{"median", spread.median}, {"least", spread.min}, {"most", spread.max}};
}

Json report(const Shape& shape, const std::string& text, const Windows& windows) {
  const auto& quiet = windows.front();
  const auto series =
      static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) -
      2 * [&text] {  // a line of help and one of type each
        std::size_t families = 0;
        for (std::size_t at = 0; (at = text.find("# TYPE ", at)) != std::string::npos; ++at)
          ++families;
        return families;
      }();
  const Spread rate =
      over_rounds(quiet, quiet, [](const Window& w, const Window&) { return w.rate; });
  std::printf("%s: %s; %zu series, %zu kB\n", shape.name, shape.about, series, text.size() / 1000);
  std::printf("  not scraped         %6.2f M tuples/s [%.2f..%.2f]\n", rate.median / 1e6,
              rate.min / 1e6, rate.max / 1e6);
  Json result{{"name", shape.name},
              {"series", series},
              {"bytes", text.size()},
              {"tuples_per_second", json_of(rate)}};
  for (std::size_t i = 1; i < kRates.size(); ++i) {
    const Spread ratio = over_rounds(
        windows[i], quiet, [](const Window& w, const Window& none) { return w.rate / none.rate; });
    // What threads beside the engine's have in a quiet window is not the scrape's.
    const auto share = [](double CpuTime::*who) {
      return [who](const Window& w, const Window& none) {
        return 1e3 * (w.cpu.*who - none.cpu.*who * w.seconds / none.seconds) /
               static_cast<double>(std::max<std::uint64_t>(w.scrapes, 1));
      };
    };
    const Spread answering = over_rounds(windows[i], quiet, share(&CpuTime::control));
    const Spread asking = over_rounds(windows[i], quiet, share(&CpuTime::scraper));
    std::printf(
        "  scraped %2llu times/s  x %.4f throughput [%.3f..%.3f]; a scrape: %.2f ms of CPU to "
        "answer [%.2f..%.2f], %.2f to ask\n",
        static_cast<unsigned long long>(kRates[i]), ratio.median, ratio.min, ratio.max,
        answering.median, answering.min, answering.max, asking.median);
    result["scraped"].push_back({{"per_second", kRates[i]},
                                 {"throughput", json_of(ratio)},
                                 {"answer_cpu_ms", json_of(answering)},
                                 {"ask_cpu_ms", json_of(asking)}});
    if (i + 1 < kRates.size()) continue;
    const double lost = (1 - ratio.median) / static_cast<double>(kRates[i]);
    const double busy = over_rounds(quiet, quiet, [](const Window& w, const Window&) {
                          return w.cpu.engine / w.seconds;
                        }).median;
    const double taken = (answering.median + asking.median) / 1e3 / busy;
    std::printf(
        "  one each second: %.3f %% of throughput by the last line, %.3f %% of the engine's CPU "
        "time\n"
        "  one each %.0f s:   %.4f %% and %.4f %%\n",
        100 * lost, 100 * taken, kUsualSeconds, 100 * lost / kUsualSeconds,
        100 * taken / kUsualSeconds);
    result["one_a_second"] = {{"percent_of_throughput", 100 * lost},
                              {"percent_of_cpu", 100 * taken}};
  }
  std::fflush(stdout);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 10;
  double seconds = 1;
  bool is_smoke = false;
  std::string json_path;
  CLI::App app{"What a scrape of /metrics takes from a process that works as hard as it can."};
  app.add_option("--rounds", rounds, "Of one window per rate of scrapes, after one that warms up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", seconds, "Of a window")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  app.add_option("--json", json_path, "Write the results")->type_name("FILE");
  app.add_flag("--smoke", is_smoke, "One short round: the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (is_smoke) {
    rounds = 1;
    seconds = 0.1;
  }
  Json results = Json::array();
  for (const Shape& shape : kShapes) {
    Load load{shape};
    const Windows windows = run_rounds(load, rounds, seconds);
    results.push_back(report(shape, load.scrape(), windows));
  }
  if (json_path.empty()) return 0;
  std::ofstream file{json_path};
  file << Json{{"seconds", seconds}, {"rounds", rounds}, {"shapes", results}}.dump(1) << '\n';
  return file.flush() ? 0 : 1;
}
