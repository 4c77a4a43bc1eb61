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

Result<Cast> read_cast(const std::vector<std::string>& csv, WallTime now) {
  std::vector<fs::path> files(csv.begin(), csv.end());
  if (files.empty()) {
    auto found = example_readings();
    if (!found) return found.status();
    files = std::move(found).value();
  }
  const auto motes = gateway::read_csv(files);
  if (!motes) return motes.status();
  Cast cast = make_cast(**motes, {.now = now});
  if (cast.devices.empty()) return Error{ErrorKind::kInvalid, "there is no reading in the files"};
  return cast;
}

}  // namespace bora::demo
