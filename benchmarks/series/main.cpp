// bora_series_bench [POINTS] [DEVICES] [DIRECTORY]
//
// Writes POINTS temperatures of DEVICES devices into the embedded series store, by time and in batches
// as the topology writes them, then asks for single curves with a store that was just opened, after the
// system was told to forget its files: every cache is cold when the first question is asked. One device
// in a hundred measures three times as often as the others, and these are asked for.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

#include "bora/clock.hpp"
#include "topologies/datapoints/rocks_series.hpp"

namespace {

using namespace bora;
using namespace std::chrono_literals;
using coldchain::DeviceId;

constexpr std::int64_t kBegin = 1'700'000'000'000;
constexpr std::size_t kBatch = 16'384;
constexpr int kQueries = 200;

double cpu_seconds() {
  std::timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
T value_or_exit(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

struct Sizes {
  std::uint64_t points;
  std::uint64_t devices;

  /// Those that are asked for: ids 1, 101, 201 ...
  [[nodiscard]] std::uint64_t frequent() const { return (devices + 99) / 100; }
  /// Every device measures once a round of five minutes, and the frequent ones twice more.
  [[nodiscard]] std::uint64_t round() const { return devices + 2 * frequent(); }
  [[nodiscard]] DeviceId device_of(std::uint64_t point) const {
    const std::uint64_t place = point % round();
    if (place < devices) return DeviceId{place * 48'271 % devices + 1};
    return DeviceId{(place - devices) % frequent() * 100 + 1};
  }
  [[nodiscard]] std::int64_t time_of(std::uint64_t point) const {
    const std::uint64_t place = point % round();
    const std::uint64_t offset =
        place < devices ? place / 1'024 : 100'000 * (1 + (place - devices) / frequent());
    return kBegin + static_cast<std::int64_t>(point / round() * 300'000 + offset);
  }
};

void fill(datapoints::RocksSeries& store, Sizes sizes) {
  std::vector<coldchain::SeriesPoint> batch;
  const auto begin = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  for (std::uint64_t i = 0; i < sizes.points;) {
    batch.clear();
    for (; batch.size() < kBatch && i < sizes.points; ++i)
      batch.push_back({.device_id = sizes.device_of(i),
                       .gateway_id = coldchain::GatewayId{i % 100},
                       .time = from_millis(sizes.time_of(i)),
                       .value = static_cast<double>(i % 300) / 10});
    value_or_exit(store.write(batch));
  }
  const auto count = static_cast<double>(sizes.points);
  std::printf("write: %.2f us of CPU and %.2f us of time a point, batches of %zu\n",
              (cpu_seconds() - cpu) * 1e6 / count, seconds_since(begin) * 1e6 / count, kBatch);
  const auto stats = value_or_exit(store.stats());
  std::printf("files: %.1f bytes a point, %.0f MB in memory\n",
              static_cast<double>(stats.file_bytes) / count,
              static_cast<double>(stats.memory_bytes) / 1e6);
}

/// Has the system forget what it keeps of the files.
void forget_files(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    if (!entry.is_regular_file()) continue;
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::fdatasync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

std::unique_ptr<datapoints::RocksSeries> open_cold(const datapoints::RocksSeriesOptions& options,
                                                   const Clock& clock) {
  forget_files(options.path);
  const auto begin = std::chrono::steady_clock::now();
  auto store = value_or_exit(datapoints::RocksSeries::open(options, clock));
  std::printf("opened in %.0f ms\n", seconds_since(begin) * 1e3);
  return store;
}

/// Asks `query` of frequent devices picked by a fixed seed.
void time_queries(const char* what, const Sizes& sizes,
                  const std::function<std::size_t(DeviceId)>& query) {
  std::mt19937_64 dice{1};
  std::vector<double> took;
  std::size_t rows = 0;
  for (int i = 0; i < kQueries; ++i) {
    const DeviceId device{dice() % sizes.frequent() * 100 + 1};
    const auto begin = std::chrono::steady_clock::now();
    rows += query(device);
    took.push_back(seconds_since(begin) * 1e3);
  }
  const double first = took.front();
  std::sort(took.begin(), took.end());
  std::printf("%s: first %.2f ms, median %.2f ms, p99 %.2f ms, largest %.2f ms, %zu rows each\n",
              what, first, took[took.size() / 2], took[took.size() * 99 / 100], took.back(),
              rows / took.size());
}

}  // namespace

int main(int argc, char** argv) {
  const Sizes sizes{argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000,
                    argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000};
  const bool keeps = argc > 3;
  const std::filesystem::path path =
      keeps ? std::filesystem::path{argv[3]}
            : std::filesystem::temp_directory_path() / "bora-series-bench";
  const SystemClock clock;
  const datapoints::RocksSeriesOptions options{.path = path};
  std::printf("%llu points of %llu devices in %s\n", static_cast<unsigned long long>(sizes.points),
              static_cast<unsigned long long>(sizes.devices), path.c_str());
  if (!std::filesystem::exists(path))
    fill(*value_or_exit(datapoints::RocksSeries::open(options, clock)), sizes);

  auto store = open_cold(options, clock);
  time_queries("1,000 points", sizes, [&](DeviceId device) {
    return value_or_exit(store->points({.device_id = device,
                                        .range = {WallTime::min(), WallTime::max()},
                                        .limit = 1'000,
                                        .order = coldchain::TimeOrder::kNewestFirst}))
        .size();
  });
  store.reset();
  store = open_cold(options, clock);
  time_queries("a day by hour", sizes, [&](DeviceId device) {
    return value_or_exit(
               store->intervals({.device_id = device,
                                 .range = {from_millis(kBegin), from_millis(kBegin) + 24h},
                                 .length = 1h}))
        .size();
  });
  store.reset();
  if (!keeps) std::filesystem::remove_all(path);
  return 0;
}
