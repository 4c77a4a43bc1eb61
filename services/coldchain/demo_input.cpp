#include "services/coldchain/demo_input.hpp"

#include <array>
#include <system_error>
#include <utility>

#include "services/gateway/measurements.hpp"

namespace bora::demo {

namespace {

namespace fs = std::filesystem;

constexpr std::array kFiles{"suthaharan-multihop.csv", "suthaharan-singlehop.csv"};

/// Where the files may be, best first.
std::vector<fs::path> candidates() {
  std::vector<fs::path> places;
  std::error_code ignored;
  const fs::path bin = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  if (!bin.empty()) {
    places.push_back(bin.parent_path() / "share" / "bora" / "data");           // installed
    places.push_back(bin.parent_path().parent_path().parent_path() / "data");  // build/<preset>/bin
  }
  places.emplace_back(BORA_EXAMPLE_DATA);
  return places;
}

/// The time of the last measurement.
Result<WallTime> last_of(const std::vector<fs::path>& files) {
  auto measurements = gateway::read_csv(files);
  if (!measurements) return measurements.status();
  WallTime last = from_millis(gateway::kDefaultStartMillis);
  while (const auto measurement = (*measurements)->next())
    last = measurement->time;
  return last;
}

}  // namespace

Result<std::vector<fs::path>> example_readings() {
  std::string looked;
  for (const fs::path& place : candidates()) {
    std::vector<fs::path> files;
    for (const char* file : kFiles)
      files.push_back(place / file);
    std::error_code ignored;
    if (fs::exists(files[0], ignored) && fs::exists(files[1], ignored)) return files;
    looked += (looked.empty() ? "" : ", ") + place.lexically_normal().string();
  }
  return Error{ErrorKind::kNotFound, "the example readings " + std::string{kFiles[0]} + " and " +
                                         kFiles[1] + " are in none of " + looked +
                                         "; name CSV files with --csv"};
}

Result<std::unique_ptr<gateway::Simulation>> make_input(const InputOptions& options, WallTime now) {
  std::vector<fs::path> files(options.csv.begin(), options.csv.end());
  if (files.empty()) {
    auto found = example_readings();
    if (!found) return found.status();
    files = std::move(found).value();
  }
  const auto last = last_of(files);
  if (!last) return last.status();
  const auto span = *last - from_millis(gateway::kDefaultStartMillis);
  auto measurements = gateway::read_csv(files, {.start = now - span});
  if (!measurements) return measurements.status();
  return gateway::Simulation::make({.seed = options.seed,
                                    .gateways = options.gateways,
                                    .duplicates = gateway::Portion::count(options.duplicates),
                                    .malformed = gateway::Portion::count(options.malformed)},
                                   std::move(measurements).value());
}

}  // namespace bora::demo
