// A graph that has one of everything: each grouping, local and in-place bolts, fan-out, joins of joins,
// held tokens, windows, batches, tuples of several types and of none that is tracked.

#include <chrono>

#include "bora/testing/simulation.hpp"
#include "bora/topology.hpp"
#include "tests/simulation/graph_bolts.hpp"
#include "tests/simulation/graph_ledger.hpp"
#include "tests/simulation/scenario.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;

namespace {

std::uint32_t one_to(testing::Dice& dice, std::uint64_t most) {
  return static_cast<std::uint32_t>(dice.between(1, most));
}

/// Windows that keep their inputs, or windows that fold them.
template <class ByArrival, class ByEvent>
void add_windows_of(TopologyBuilder& t, const BoltHandle<Split>& split, GraphLedger& ledger,
                    std::size_t batch) {
  GraphLedger* l = &ledger;
  const bool slides = ledger.world().dice().one_in(2);
  auto windows = t.bolt("windows", [=] {
                    WindowOptions<Item, std::uint32_t> options{.size = 20ms};
                    if (slides) options.slide = WindowLength{10ms};
                    options.key = [](const Item& i) { return i.origin.message % 3; };
                    options.limits.retry_after = 5ms;
                    return ByArrival{*l, std::move(options)};
                  }).fields(split[&Split::whole], [](const Item& i) { return i.origin.message; });
  t.bolt("window sink", [=] {
     return JoinedSink{*l, Effect::kWindow, {.max_items = batch}};
   }).shuffle(windows);
  auto events = t.bolt("events", [=] {
                   EventWindowOptions<Item> options{.size = 15ms, .time = &Item::time};
                   options.watermark.idle_after = 10ms;
                   options.limits.retry_after = 5ms;
                   return ByEvent{*l, std::move(options)};
                 }).shuffle(split[&Split::whole]);
  t.bolt("late", [l] { return Note{*l, Note::What::kEvent}; }).shuffle(events[&ByEvent::late]);
}

Result<Topology> graph(GraphLedger& ledger) {
  testing::Dice& dice = ledger.world().dice();
  const std::uint32_t marks = one_to(dice, 2);
  const auto flush = dice.one_in(2) ? BatchFlush::kByAge : BatchFlush::kWhenIdle;
  const std::size_t batch = one_to(dice, 8);
  GraphLedger* l = &ledger;

  TopologyBuilder t{"graph"};
  auto numbers = t.spout("numbers", [l] { return Numbers{*l}; },
                         {.tasks = one_to(dice, 2), .max_in_flight = 128});
  auto stamp =
      t.bolt("stamp", [l] { return Stamp{*l}; }, {.tasks = one_to(dice, 2)}).shuffle(numbers);
  auto split = t.bolt("split", [l] { return Split{*l}; }, {.tasks = one_to(dice, 2)})
                   .fields(stamp, [](const Item& i) { return i.origin.message; });
  auto mark = t.bolt("mark", [l] { return Mark{*l}; }, {.tasks = marks})
                  .fields(split[&Split::parts], &Item::part);
  auto seal = t.bolt("seal", [l] { return Seal{*l}; }, {.tasks = marks})
                  .local(mark)
                  .shuffle(mark[&Mark::again])
                  .shuffle(split[&Split::whole]);
  (void)seal;
  auto pair = t.bolt("pair", [l] { return Pair{*l}; }, {.tasks = one_to(dice, 2)})
                  .global(split[&Split::whole]);
  auto quad = t.bolt("quad", [l] { return Quad{*l}; }, {.tasks = one_to(dice, 2)}).shuffle(pair);
  t.bolt("parts",
         [l] {
           return Note{*l, Note::What::kPart};
         },
         {.tasks = one_to(dice, 2)})
      .shuffle(seal);
  t.bolt("audit",
         [l] {
           return Note{*l, Note::What::kAudit};
         },
         {.tasks = 2})
      .all(split[&Split::whole]);
  t.bolt("picked",
         [l] {
           return Note{*l, Note::What::kPicked};
         },
         {.tasks = Split::kPickers})
      .direct(split[&Split::picks]);
  t.bolt("gossip", [l] { return Note{*l, Note::What::kNothing}; }).shuffle(split[&Split::gossip]);
  t.bolt("either", [l] { return NoteEither{*l}; }, {.tasks = one_to(dice, 2)})
      .shuffle(split[&Split::whole])
      .shuffle(pair);
  t.bolt("quads", [=] {
     return JoinedSink{*l, Effect::kQuad, {.max_items = batch, .max_age = 5ms, .flush = flush}};
   }).shuffle(quad);
  t.bolt("hold", [l] { return Hold{*l}; }, {.tasks = one_to(dice, 3)})
      .custom(split[&Split::whole], [](const Item& item, TaskChoice& choice) {
        choice.send_to(item.origin.message % choice.tasks());
      });
  t.bolt("batch",
         [=] {
           return ItemSink{*l, {.max_items = batch, .max_age = 5ms, .flush = flush}};
         },
         {.tasks = one_to(dice, 2)})
      .shuffle(split[&Split::whole]);
  if (dice.one_in(2)) {
    add_windows_of<Windows, EventWindows>(t, split, ledger, batch);
  } else {
    add_windows_of<Folds, EventFolds>(t, split, ledger, batch);
  }
  return t.build();
}

}  // namespace

testing::SimulationReport run_graph(std::uint64_t seed,
                                    std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  GraphLedger ledger{world, static_cast<std::uint32_t>(world.dice().between(5, 80))};
  testing::SimulationOptions options;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return graph(ledger); }, std::move(options)};
  auto report = simulation.until([&] { return ledger.is_all_done(); }).run();
  if (!report.violations.empty())
    for (std::string& line : ledger.open())
      report.violations.push_back(std::move(line));
  return report;
}

}  // namespace bora::simulation
