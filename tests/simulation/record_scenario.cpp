// The way of records: a hostile source, RecordSpout, a bolt that parses, a batching sink into a store,
// dead letters.

#include <chrono>
#include <stdexcept>

#include "bora/batch_sink.hpp"
#include "bora/testing/simulation.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;

namespace {

constexpr const char* kMalformed = "malformed";

class Parse final : public Bolt<ConsumedRecord, ConsumedRecord> {
 public:
  explicit Parse(testing::World& world) : world_(world) {}
  void execute(const ConsumedRecord& in) override {
    if (in->value == kMalformed) throw Permanent("not a number");
    world_.may_throw(100, "Parse throws first");
    out.emit(in);
    world_.may_throw(100, "Parse throws last");
  }

 private:
  testing::World& world_;
};

class Store final : public BatchSink<ConsumedRecord> {
 public:
  Store(RecordWorld& of, BatchOptions<ConsumedRecord> options)
      : BatchSink(std::move(options)), of_(of) {}
  Status write(std::span<const ConsumedRecord> batch) override {
    return of_.write_to_store([&] {
      for (const ConsumedRecord& record : batch)
        of_.store(record.position.partition, record.position.offset, record->value);
    });
  }

 private:
  RecordWorld& of_;
};

RecordWorld::Made make_number(testing::Dice& dice) {
  if (dice.one_in(12)) return {{std::nullopt, kMalformed, {}, {}}, true};
  return {{std::nullopt, std::to_string(dice.below(1000)), {}, {}}, false};
}

Result<Topology> records(RecordWorld& of) {
  testing::Dice& dice = of.world().dice();
  const std::size_t batch = dice.between(1, 16);
  const auto flush = dice.one_in(2) ? BatchFlush::kByAge : BatchFlush::kWhenIdle;
  RecordSpoutOptions options;
  options.retry.attempts = static_cast<std::uint32_t>(dice.between(2, 6));
  options.retry.first_backoff = 2ms;
  options.retry.max_backoff = 50ms;
  options.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.max_held = dice.between(16, 256);
  options.poll_records = dice.between(1, 32);
  options.max_dead_letters_waiting = dice.between(1, 8);
  RecordWorld* world = &of;

  TopologyBuilder t{"records"};
  auto spout =
      t.spout("records",
              [=] {
                return RecordSpout<ConsumedRecord>{
                    {.source = [world](std::uint32_t) { return world->source(); },
                     .dead_letters = [world](std::uint32_t) { return world->dead_letters(); }},
                    options};
              },
              {.tasks = static_cast<std::uint32_t>(dice.between(1, 2)), .max_in_flight = 64});
  auto parse = t.bolt("parse", [=] { return Parse{world->world()}; },
                      {.tasks = static_cast<std::uint32_t>(dice.between(1, 2))})
                   .shuffle(spout);
  t.bolt("store",
         [=] {
           return Store{*world, {.max_items = batch, .max_age = 10ms, .flush = flush}};
         },
         {.tasks = static_cast<std::uint32_t>(dice.between(1, 2))})
      .fields(parse, [](const ConsumedRecord& r) { return r.position.partition; });
  return t.build();
}

}  // namespace

testing::SimulationReport run_records(std::uint64_t seed,
                                      std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  RecordWorld of{world, make_number};
  testing::SimulationOptions options;
  options.throw_permanent = true;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return records(of); }, std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
