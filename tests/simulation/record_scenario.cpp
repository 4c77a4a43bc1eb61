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

class Parse final : public Bolt<ConsumedRecord, ConsumedRecord> {
 public:
  explicit Parse(testing::World& world) : world_(world) {}
  void execute(const ConsumedRecord& in) override {
    if (RecordWorld::is_malformed(in->value)) throw Permanent("malformed: " + in->value);
    world_.may_throw(100, "Parse throws first");
    out.emit(in);
    world_.may_throw(100, "Parse throws last");
  }

 private:
  testing::World& world_;
};

class Archive final : public BatchSink<ConsumedRecord> {
 public:
  Archive(RecordWorld& of, BatchOptions<ConsumedRecord> options)
      : BatchSink(std::move(options)), of_(of) {}
  Status write(std::span<const ConsumedRecord> batch) override {
    testing::World& world = of_.world();
    if (world.dice().one_in(8)) world.pass(world.dice().below(20'000) * 1us);
    if (away_ > 0 && !world.is_quiet()) {
      --away_;
      return {ErrorKind::kUnavailable, "the archive is away"};
    }
    if (world.fails(20, "the archive goes away")) away_ = world.dice().below(6);
    if (world.fails(20, "the archive refuses a batch"))
      return {ErrorKind::kInternal, "the archive refused"};
    for (const ConsumedRecord& record : batch)
      of_.store(record.position, record->value);
    if (world.fails(20, "the archive's answer is lost"))
      return {ErrorKind::kUnavailable, "no answer of the archive"};
    return {};
  }

 private:
  RecordWorld& of_;
  std::uint64_t away_ = 0;
};

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
  t.bolt("archive",
         [=] {
           return Archive{*world, {.max_items = batch, .max_age = 10ms, .flush = flush}};
         },
         {.tasks = static_cast<std::uint32_t>(dice.between(1, 2))})
      .fields(parse, [](const ConsumedRecord& r) { return r.position.partition; });
  return t.build();
}

}  // namespace

testing::SimulationReport run_records(std::uint64_t seed,
                                      std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  RecordWorld of{world};
  testing::SimulationOptions options;
  options.throw_permanent = true;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return records(of); }, std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
