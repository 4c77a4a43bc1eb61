#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "bora/tuple_fields.hpp"
#include "topologies/coldchain/messages.hpp"

/// The curves of the devices, wherever they are stored. The embedded store and the writers to outside
/// ones are in topologies/datapoints.
namespace bora::coldchain {

enum class Series : std::uint8_t {
  kTemperature = 1,  ///< Degrees Celsius, real.
  kBattery = 2,      ///< Percent, whole, 0..100.
};

[[nodiscard]] constexpr std::string_view to_string(Series series) noexcept {
  return series == Series::kTemperature ? "temperature" : "battery";
}

/// One point of a curve. Device, gateway, series and time identify it.
struct SeriesPoint {
  DeviceId device_id{};
  GatewayId gateway_id{};
  WallTime time{};  ///< When it was measured.
  double value = 0;
  Series series = Series::kTemperature;
  bool operator==(const SeriesPoint&) const = default;
};

/// For taps.
inline void tuple_json(const SeriesPoint& in, std::string& out) {
  TupleFields(out)
      .add("device", in.device_id)
      .add("series", to_string(in.series))
      .add("value", in.value)
      .add("time", to_millis(in.time));
}

/// A point that its store does not take, whenever it is asked.
struct RefusedPoint {
  std::size_t index = 0;  ///< In the batch that was written.
  std::string reason;
};

/// Threads: single-owner, unless an implementation says more.
class SeriesWriter {
 public:
  virtual ~SeriesWriter() = default;
  /// Writes every point of the batch that can be written, durably by the store's policy, and says which
  /// could not. A point written again replaces itself. May wait.
  /// Fails: some points may be stored then, none need be; the same call may be made again, after
  /// kUnavailable once what is missing is back.
  virtual Result<std::vector<RefusedPoint>> write(std::span<const SeriesPoint> points) = 0;
};

enum class TimeOrder : std::uint8_t { kOldestFirst, kNewestFirst };

/// Both ends belong to the range.
struct TimeRange {
  WallTime from{};
  WallTime to{};
  bool operator==(const TimeRange&) const = default;
};

struct PointQuery {
  DeviceId device_id{};
  Series series = Series::kTemperature;
  TimeRange range;
  std::size_t limit = 10'000;  ///< Most points in the answer: the first in `order`.
  TimeOrder order = TimeOrder::kOldestFirst;
};

/// What the points of one interval amount to.
struct SeriesInterval {
  WallTime from{};
  std::uint64_t count = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;
  double first = 0;  ///< By time. Of two at the same time, measured over two gateways, either.
  double last = 0;
  [[nodiscard]] double average() const noexcept { return sum / static_cast<double>(count); }

  /// Points come by time.
  void add(double value) noexcept {
    if (count++ == 0) first = value;
    last = value;
    sum += value;
    min = value < min ? value : min;
    max = value > max ? value : max;
  }
};

struct IntervalQuery {
  DeviceId device_id{};
  Series series = Series::kTemperature;
  TimeRange range;
  /// The k-th interval begins at range.from + k * length. Positive.
  std::chrono::milliseconds length{std::chrono::hours{1}};
  std::size_t limit = 10'000;  ///< Most intervals in the answer: the oldest ones.
};

/// Threads: single-owner, unless an implementation says more.
/// Fails: kInvalid for an empty or reversed range, a length or a limit of 0; kUnavailable when the store
/// is away; kCorrupt when what it answers makes no sense.
class SeriesReader {
 public:
  virtual ~SeriesReader() = default;
  /// By time, then by gateway.
  [[nodiscard]] virtual Result<std::vector<SeriesPoint>> points(const PointQuery& query) = 0;
  /// Only intervals that hold points, by time.
  [[nodiscard]] virtual Result<std::vector<SeriesInterval>> intervals(
      const IntervalQuery& query) = 0;
};

class SeriesStore : public SeriesWriter, public SeriesReader {};

/// Why these queries cannot be answered, if so; what every SeriesReader says.
[[nodiscard]] Status check(const PointQuery& query);
[[nodiscard]] Status check(const IntervalQuery& query);

/// Why no store takes this point, if so; empty when it is good.
[[nodiscard]] std::string_view why_refused(const SeriesPoint& point) noexcept;

/// The points of many devices.
struct SeriesScan {
  Series series = Series::kTemperature;
  TimeRange range;
  std::vector<DeviceId> devices = {};  ///< Empty: all.
};

/// A store that can walk over all its devices, as a query without a device asks for.
class SeriesScanner {
 public:
  virtual ~SeriesScanner() = default;
  /// Shows the points by device, time and gateway, until `visit` returns false. An empty range shows
  /// none. Threads: any.
  virtual Status scan(const SeriesScan& scan,
                      const std::function<bool(const SeriesPoint&)>& visit) const = 0;
};

}  // namespace bora::coldchain
