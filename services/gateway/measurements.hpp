#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::gateway {

/// What a device sends by radio.
struct Measurement {
  coldchain::DeviceId device_id{};
  double temperature = 0;    ///< Degrees Celsius.
  WallTime time{};           ///< True time, whatever a gateway's clock says.
  std::uint8_t battery = 0;  ///< Percent.
};

/// Measurements of several devices in the order of their times; of equal times, in that of devices.
/// Threads: single-owner.
class Measurements {
 public:
  virtual ~Measurements() = default;
  /// Nothing at the end.
  virtual std::optional<Measurement> next() = 0;
  /// How many next() gives in all; nothing when there is no end.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
};

/// 2016-06-20T00:00:00Z: long past, so that no replay of a few hours looks like a clock that is ahead.
inline constexpr std::int64_t kDefaultStartMillis = 1466380800000;

struct CsvOptions {
  WallTime start = from_millis(kDefaultStartMillis);
  /// Reading n of a mote was taken at start + n * interval.
  std::chrono::milliseconds interval{5000};
};

/// Readings of motes from CSV files with the columns `reading`, `mote_id` and `temperature`, among
/// others. Mote m of the k-th file (from 1) is device 100 k + m, since files number their motes alike.
/// The files carry no battery level: it is derived, deterministically. A device begins with 60 to 100 %
/// by its id and loses one percent with every 200 readings, down to 0.
/// Fails: kNotFound (no such file), kInvalid (with file and line).
[[nodiscard]] Result<std::unique_ptr<Measurements>> read_csv(
    std::span<const std::filesystem::path> files, const CsvOptions& options = {});

struct RandomOptions {
  std::uint64_t seed = 1;
  std::uint64_t devices = 1000;        ///< With the ids 1, 2, ...
  std::optional<std::uint64_t> limit;  ///< Measurements in all; absent: without end.
  WallTime start = from_millis(kDefaultStartMillis);
  std::chrono::milliseconds interval{900'000};  ///< Between two measurements of one device.
};

/// Fridges whose temperature wanders about 4 degrees and whose batteries run down and are changed.
/// Requires: devices > 0, interval > 0.
[[nodiscard]] std::unique_ptr<Measurements> random_measurements(const RandomOptions& options);

}  // namespace bora::gateway
