// EmitTargets against what the consumers really got, for every grouping.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/emit_targets.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;

namespace {

using Names = std::vector<std::string>;
/// By tuple: which tasks, such as "sink[2]".
using Places = std::map<int, Names>;

constexpr int kTuples = 200;

std::string name_of(std::string_view component, std::uint32_t task) {
  return std::string{component} + '[' + std::to_string(task) + ']';
}

/// Emits as it is told, and writes down where its targets say that each tuple went.
struct Teller final : Bolt<int, int> {
  using Emit = std::function<void(Teller&, const int&)>;
  Teller(std::shared_ptr<Places> t, Emit e) : told(std::move(t)), emit(std::move(e)) {}

  Status open(Context& context) override {
    targets.emplace(context);
    return {};
  }
  void execute(const int& in) override {
    targets->begin();
    try {
      emit(*this, in);
    } catch (const std::runtime_error&) {
      write_down(in);
      throw;
    }
    write_down(in);
  }
  void write_down(int in) const {
    for (const EmitTargets::Task& task : targets->reached())
      (*told)[in].push_back(name_of(task.component, task.index));
  }
  using BoltBase::hold;

  Output<int> late{this, "late"};
  std::shared_ptr<Places> told;
  Emit emit;
  std::optional<EmitTargets> targets;
};

/// Writes down which of its tasks got what.
struct Witness final : Bolt<int> {
  explicit Witness(std::shared_ptr<Places> s) : seen(std::move(s)) {}
  Status open(Context& context) override {
    name = name_of(context.component(), context.task());
    return {};
  }
  void execute(const int& in) override { (*seen)[in].push_back(name); }
  std::shared_ptr<Places> seen;
  std::string name;
};

Places sorted(Places places) {
  for (auto& [tuple, names] : places)
    std::sort(names.begin(), names.end());
  return places;
}

/// What two tellers said, and what the witnesses saw that `subscribe` lets read their streams.
struct Outcome {
  Places told;
  Places seen;
  std::size_t failed = 0;
};

/// Adds a witness to the topology: its name and number of tasks.
using AddWitness = std::function<BoltHandle<Witness>(const std::string&, std::uint32_t)>;

void emit_plainly(Teller& teller, const int& in) { teller.out.emit(in); }

template <class Subscribe>
Outcome run(Subscribe subscribe, Teller::Emit emit = emit_plainly) {
  auto told = std::make_shared<Places>();
  auto seen = std::make_shared<Places>();
  std::vector<int> numbers(kTuples);
  std::iota(numbers.begin(), numbers.end(), 0);
  auto feed = feed_of<int>(std::move(numbers));
  TopologyBuilder builder{"targets"};
  auto source = builder.spout("source", feeding(feed));
  auto teller = builder.bolt(
      "teller", [told, emit] { return std::make_unique<Teller>(told, emit); }, {.tasks = 2});
  teller.shuffle(source);
  const AddWitness add = [&](const std::string& name, std::uint32_t tasks) {
    return builder.bolt(name, [seen] { return Witness{seen}; }, {.tasks = tasks});
  };
  subscribe(add, teller);
  add("late", 2).shuffle(teller[&Teller::late]);
  EngineOptions options;
  options.block_tuples = 7;  // blocks leave between two emits, and within one
  SteppedTopology topology{builder.build(), options};
  topology.run();
  CHECK(feed->verdicts() == kTuples);
  return {sorted(*told), sorted(*seen), feed->failed.size()};
}

}  // namespace

TEST_CASE("targets: shuffle, fields and global name the one task that got the tuple") {
  const auto shuffled = run([](auto& add, auto& teller) { add("sink", 3).shuffle(teller); });
  CHECK(shuffled.told.size() == kTuples);
  CHECK(shuffled.told == shuffled.seen);
  const auto keyed = run(
      [](auto& add, auto& teller) { add("sink", 3).fields(teller, [](int n) { return n % 10; }); });
  CHECK(keyed.told.size() == kTuples);
  CHECK(keyed.told == keyed.seen);
  const auto global = run([](auto& add, auto& teller) { add("sink", 3).global(teller); });
  CHECK(global.told.at(17) == Names{"sink[0]"});
  CHECK(global.told == global.seen);
}

TEST_CASE("targets: all and several consumers name every task, each consumer's for itself") {
  const auto outcome = run([](auto& add, auto& teller) {
    add("each", 3).all(teller);
    add("one", 1).shuffle(teller);
    add("some", 2).shuffle(teller);
  });
  CHECK(outcome.told == outcome.seen);
  REQUIRE(outcome.told.at(5).size() == 5);
  CHECK(outcome.told.at(5)[3] == "one[0]");
}

TEST_CASE("targets: local names the task on the same thread, also where it is not the first") {
  const auto outcome = run([](auto& add, auto& teller) { add("near", 2).local(teller); });
  CHECK(outcome.told == outcome.seen);
  CHECK(outcome.told.at(0) != outcome.told.at(1));
}

TEST_CASE("targets: custom names what was chosen: none, several, one task twice") {
  const auto outcome = run([](auto& add, auto& teller) {
    add("sink", 3).custom(teller, [](const int& in, TaskChoice& choice) {
      if (in % 4 == 1) choice.send_to(1);
      if (in % 4 != 2) return;
      choice.send_to(2);
      choice.send_to(0);
      choice.send_to(2);
    });
  });
  CHECK(outcome.told.count(0) == 0);
  CHECK(outcome.told.at(2) == Names{"sink[0]", "sink[2]", "sink[2]"});
  CHECK(outcome.told == outcome.seen);
}

TEST_CASE("targets: a grouping that throws leaves those named that had the tuple before") {
  const auto outcome = run([](auto& add, auto& teller) {
    add("before", 2).shuffle(teller);
    add("thrower", 2).custom(teller, [](const int& in, TaskChoice& choice) {
      if (in == 3) throw std::runtime_error("not this one");
      choice.send_to(0);
    });
  });
  CHECK(outcome.failed == 1);
  CHECK(outcome.told.at(3).size() == 1);
  CHECK(outcome.told == outcome.seen);
}

TEST_CASE("targets: emits with tokens, direct ones, and those on other streams are named, too") {
  const auto anchored = run([](auto& add, auto& teller) { add("sink", 3).shuffle(teller); },
                            [](Teller& teller, const int& in) {
                              AckToken first = teller.hold();
                              AckToken second = teller.hold();
                              const AckToken* const both[] = {&first, &second};
                              teller.out.emit(in, both);
                              teller.out.emit_unanchored(in);
                              std::move(first).ack();
                              std::move(second).ack();
                            });
  CHECK(anchored.told.at(9).size() == 2);
  CHECK(anchored.told == anchored.seen);

  const auto direct = run([](auto& add, auto& teller) { add("sink", 3).direct(teller); },
                          [](Teller& teller, const int& in) {
                            teller.out.emit_direct(static_cast<std::uint32_t>(in) % 3, in);
                            if (in == 7) teller.late.emit(in);
                          });
  CHECK(direct.told.at(4) == Names{"sink[1]"});
  CHECK(direct.told.at(7).size() == 2);
  CHECK(direct.told == direct.seen);
}

TEST_CASE("targets: a tuple that is passed on where it lies is named like any other") {
  struct Passer final : InPlaceBolt<int> {
    explicit Passer(Names& t) : told(&t) {}
    Status open(Context& context) override {
      targets.emplace(context);
      return {};
    }
    void execute(int& in) override {
      targets->begin();
      if (in % 5 == 0) out.emit(std::as_const(in));  // a copy: it has to leave the place
      out.emit(std::move(in));
      for (const EmitTargets::Task& task : targets->reached())
        told->push_back(name_of(task.component, task.index));
    }
    Names* told;
    std::optional<EmitTargets> targets;
  };
  Names told;
  auto feed = feed_of<int>({1, 2, 3, 4, 5, 6, 7});
  auto got = collected<int>();
  TopologyBuilder builder{"in place"};
  auto source = builder.spout("source", feeding(feed));
  auto passer = builder.bolt("passer", [&told] { return std::make_unique<Passer>(told); });
  passer.shuffle(source);
  builder.bolt("sink", collecting(got)).shuffle(passer);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK((*got)[0] == std::vector<int>{1, 2, 3, 4, 5, 5, 6, 7});
  CHECK(told == Names(8, "sink[0]"));
}

TEST_CASE("targets: consumers stand in the topology's order, with tasks, stream and grouping") {
  std::vector<std::string> found;
  run(
      [](auto& add, auto& teller) {
        add("each", 3).all(teller);
        add("near", 2).local(teller);
      },
      [&](Teller& teller, const int& in) {
        teller.out.emit(in);
        found.clear();
        for (const EmitTargets::Consumer& c : teller.targets->consumers())
          found.push_back(c.component + ' ' + std::to_string(c.tasks) + ' ' + c.stream + ' ' +
                          std::to_string(static_cast<int>(c.grouping)));
      });
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{"each 3 default 2", "late 2 late 0", "near 2 default 6"});
}
