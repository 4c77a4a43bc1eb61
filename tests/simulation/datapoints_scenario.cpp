// The datapoints topology as it is deployed, with a hostile source and a series store in memory that
// fails. Some readings are published twice, as two records.

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "bora/testing/simulation.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/datapoints/topology.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;
using coldchain::Series;
using coldchain::SeriesPoint;

namespace {

/// What the simulation allows at least: windows are sized by it, and end early when they hold so much.
constexpr std::uint32_t kInFlight = 32;
constexpr WallTime kBegin = WallTime{1'700'000'000s};

/// What was measured, by its time, which is its own; and the records that carry it.
struct Measured {
  coldchain::Reading reading;
  std::vector<std::string> values;
};

class Readings {
 public:
  RecordWorld::Made make(testing::Dice& dice) {
    const bool is_repeat = !measured_.empty() && dice.one_in(10);
    Measured& measured = is_repeat ? std::prev(measured_.end())->second : measure(dice);
    measured.reading.received += 1ms;  // so that every record is another
    RecordWorld::Made made;
    made.is_malformed = dice.one_in(12);
    coldchain::write_reading(measured.reading, made.record.value);
    if (made.is_malformed)
      made.record.value.pop_back();
    else
      measured.values.push_back(made.record.value);
    made.record.key = coldchain::record_key(measured.reading.device_id);
    made.record.timestamp = measured.reading.received;
    return made;
  }
  [[nodiscard]] const Measured* find(WallTime time) const {
    const auto found = measured_.find(time);
    return found == measured_.end() ? nullptr : &found->second;
  }

 private:
  Measured& measure(testing::Dice& dice) {
    const WallTime time = kBegin + std::chrono::milliseconds{measured_.size()};
    Measured measured;
    measured.reading.device_id = coldchain::DeviceId{dice.between(1, 20)};
    measured.reading.gateway_id = coldchain::GatewayId{dice.between(1, 3)};
    measured.reading.temperature = static_cast<double>(dice.below(300)) / 10.0;
    measured.reading.battery = static_cast<std::uint8_t>(dice.below(101));
    measured.reading.time = measured.reading.received = time;
    return measured_.emplace(time, std::move(measured)).first->second;
  }

  std::map<WallTime, Measured> measured_;
};

/// Survives crashes, as what was written to a store does.
class FickleSeries final : public coldchain::SeriesWriter {
 public:
  FickleSeries(RecordWorld& of, const Readings& readings) : of_(of), readings_(readings) {}

  Result<std::vector<coldchain::RefusedPoint>> write(std::span<const SeriesPoint> points) override {
    Status written = of_.write_to_store([&] {
      for (const SeriesPoint& point : points)
        if (of_.world().persists()) store(point);
    });
    if (!written) return written;
    return std::vector<coldchain::RefusedPoint>{};
  }

 private:
  void store(const SeriesPoint& point) {
    const Measured* measured = readings_.find(point.time);
    const bool is_temperature = point.series == Series::kTemperature;
    of_.world().expect(measured != nullptr && measured->reading.device_id == point.device_id &&
                           measured->reading.gateway_id == point.gateway_id &&
                           point.value == (is_temperature ? measured->reading.temperature
                                                          : measured->reading.battery),
                       "a point was stored that nobody measured");
    if (measured == nullptr) return;
    (is_temperature ? temperatures_ : batteries_).insert(point.time);
    if (temperatures_.count(point.time) == 0 || batteries_.count(point.time) == 0) return;
    for (const std::string& value : measured->values)
      of_.store(value);
  }

  RecordWorld& of_;
  const Readings& readings_;
  std::set<WallTime> temperatures_;
  std::set<WallTime> batteries_;
};

Result<Topology> datapoints_topology(RecordWorld& of,
                                     const std::shared_ptr<coldchain::SeriesWriter>& store) {
  testing::Dice& dice = of.world().dice();
  datapoints::DatapointsOptions options;
  options.series_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.window = std::chrono::milliseconds{dice.between(1, 60)};
  options.window_points = dice.between(1, 64);
  options.max_in_flight = kInFlight;
  options.spout.retry.first_backoff = 2ms;
  options.spout.retry.max_backoff = 50ms;
  options.spout.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.max_held = dice.between(64, 256);
  return datapoints::make_topology(
      options, {.connections = {.source = [&](std::uint32_t) { return of.source(); },
                                .dead_letters = [&](std::uint32_t) { return of.dead_letters(); }},
                .writer = [store] { return store; }});
}

}  // namespace

testing::SimulationReport run_datapoints(std::uint64_t seed,
                                         std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  Readings readings;
  RecordWorld of{world, [&](testing::Dice& dice) { return readings.make(dice); }};
  const auto store = std::make_shared<FickleSeries>(of, readings);
  testing::SimulationOptions options;
  options.least_in_flight = kInFlight;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return datapoints_topology(of, store); },
                                 std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
