// The raw topology as it is deployed, with a hostile source and an archive in memory that fails.

#include <chrono>
#include <string>

#include "bora/testing/simulation.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/raw/topology.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;

namespace {

constexpr WallTime kInserted = WallTime{1'700'000'000s};

class FickleArchive final : public raw::ArchiveWriter {
 public:
  explicit FickleArchive(RecordWorld& of) : of_(of) {}
  Status put(std::span<const raw::ArchiveEntry> entries) override {
    return of_.write_to_store([&] {
      for (const raw::ArchiveEntry& entry : entries) {
        of_.world().expect(entry.inserted == kInserted,
                           "an entry's time of insertion is not that of its record");
        of_.store(entry.partition, entry.offset, entry.message);
      }
    });
  }

 private:
  RecordWorld& of_;
};

RecordWorld::Made make_reading(testing::Dice& dice) {
  coldchain::Reading reading;
  reading.device_id = coldchain::DeviceId{dice.between(1, 20)};
  reading.gateway_id = coldchain::GatewayId{dice.between(1, 3)};
  reading.temperature = static_cast<double>(dice.below(300)) / 10.0;
  reading.battery = 50;
  reading.time = reading.received = kInserted - std::chrono::seconds{dice.below(60)};
  RecordWorld::Made made;
  made.is_malformed = dice.one_in(12);
  const bool is_skewed = made.is_malformed && dice.one_in(2);
  if (is_skewed) reading.time = kInserted + 1h;
  coldchain::write_reading(reading, made.record.value);
  if (made.is_malformed && !is_skewed)
    made.record.value.resize(dice.below(made.record.value.size()));
  made.record.key = coldchain::record_key(reading.device_id);
  made.record.timestamp = kInserted;
  return made;
}

Result<Topology> raw_topology(RecordWorld& of, raw::ArchiveWriter& archive) {
  testing::Dice& dice = of.world().dice();
  raw::RawOptions options;
  options.archive_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.max_in_flight = 64;
  options.batch_records = dice.between(1, 32);
  options.spout.retry.first_backoff = 2ms;
  options.spout.retry.max_backoff = 50ms;
  options.spout.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.max_held = dice.between(16, 256);
  return raw::make_topology(
      options, {.connections = {.source = [&](std::uint32_t) { return of.source(); },
                                .dead_letters = [&](std::uint32_t) { return of.dead_letters(); }},
                .archive = [&]() -> raw::ArchiveWriter& { return archive; }});
}

}  // namespace

testing::SimulationReport run_raw(std::uint64_t seed,
                                  std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  RecordWorld of{world, make_reading};
  FickleArchive archive{of};
  testing::SimulationOptions options;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return raw_topology(of, archive); },
                                 std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
