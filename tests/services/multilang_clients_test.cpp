// Children that are written with clients which are not ours: Storm's own Python module, and pystorm.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bolts/shell_bolt.hpp"
#include "bora/testing/bolt_tester.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "e2e/program.hpp"
#include "spouts/shell_spout.hpp"
#include "support/child_places.hpp"
#include "support/engine_components.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using multilang::Values;

namespace {

using Text = std::string;
using Texts = std::vector<Text>;
using Bolt = ShellBolt<Text, Text>;
using Tester = testing::BoltTester<Bolt>;

const std::filesystem::path kHere{BORA_MULTILANG_TESTS};

/// Where the clients are; fetched by the first test that asks, and kept for all checkouts.
std::filesystem::path clients() {
  const testing::TemporaryDirectory directory;
  e2e::Program fetch{BORA_MULTILANG_CLIENTS, {}, directory.path() / "output"};
  const auto code = fetch.wait(5min);
  INFO("scripts/multilang-clients says: " << fetch.output());
  REQUIRE(code.has_value());
  REQUIRE(*code == 0);
  Text path = fetch.output();
  path.erase(path.find_last_not_of('\n') + 1);
  return path.substr(path.rfind('\n') + 1);
}

multilang::ProcessOptions storm_child(const Text& name) {
  return {.command = {"python3", (kHere / "storm_children.py").string(), name},
          .environment = {{"PYTHONPATH", (clients() / "storm/resources").string()}}};
}
multilang::ProcessOptions pystorm_child(const Text& name) {
  return {.command = {(clients() / "venv/bin/python").string(),
                      (kHere / "pystorm_children.py").string(), name}};
}

/// What children had to say, taken on their threads.
struct Log {
  [[nodiscard]] Text text() {
    const std::lock_guard lock(mutex);
    return all;
  }
  std::mutex mutex;
  Text all;
};

template <class Options>
Options options_for(multilang::ProcessOptions process, Log& log) {
  Options options;
  options.child.process = std::move(process);
  options.child.restart = {.first_backoff = 10ms, .max_backoff = 50ms};
  options.child.heartbeat_interval = 20ms;  // how long the child's thread sleeps at most
  options.child.on_log = [&log](auto, std::string_view text) {
    const std::lock_guard lock(log.mutex);
    log.all += Text{text} + '\n';
  };
  options.conf = {{"greeting", Text{"greetings"}}};
  options.metrics = {{.name = "pairs"}};
  return options;
}
ShellBoltOptions bolt_options(multilang::ProcessOptions process, Log& log) {
  auto options = options_for<ShellBoltOptions>(std::move(process), log);
  options.input = {.component = "sentences", .fields = {"sentence"}};
  return options;
}

Result<Text> text_of(const Values& values) {
  const auto* text = values.size() == 1 ? std::get_if<Text>(&values.front()) : nullptr;
  if (text == nullptr) return Error{ErrorKind::kInvalid, "one text is expected"};
  return *text;
}

std::function<std::unique_ptr<Bolt>()> bolt_of(ShellBoltOptions options) {
  return [options = std::move(options)] {
    return std::make_unique<Bolt>(
        options, [](const Text& text) { return Values{text}; }, Texts{"word"}, text_of);
  };
}

/// Lets the world go on until `is_done`. False when that takes a minute.
template <class World>
bool until(World& world, const std::function<bool()>& is_done,
           std::chrono::milliseconds step = 5ms) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
    world.advance(step);
  }
  return true;
}
bool all_settled(const std::vector<testing::Fed>& fed) {
  return std::none_of(fed.begin(), fed.end(), [](const auto& one) { return one.pending(); });
}

std::int64_t gauge_of(Tester& tester, std::string_view name) {
  for (const Gauge& gauge : tester.bolt().gauges())
    if (gauge.name == name) return gauge.value;
  return -1;
}

/// Fails each text once, as a bolt does that has a bad day.
struct Sink final : bora::Bolt<Text> {
  explicit Sink(std::shared_ptr<std::multiset<Text>> g) : got(std::move(g)) {}
  void execute(const Text& text) override {
    got->insert(text);
    if (got->count(text) == 1) throw std::runtime_error("not yet");
  }
  std::shared_ptr<std::multiset<Text>> got;
};

void check_spout(multilang::ProcessOptions process, Log& log) {
  auto got = std::make_shared<std::multiset<Text>>();
  TopologyBuilder builder{"numbers"};
  auto spout =
      builder.spout("spout", [options = options_for<ShellSpoutOptions>(std::move(process), log)] {
        return ShellSpout<Text>{options, {"name"}, text_of};
      });
  builder.bolt("listener", [got] { return Sink{got}; }).shuffle(spout);
  testing::ManualClock clock;
  auto opened = testing::SteppedTopology::open(builder.build().value(), clock);
  REQUIRE(opened.is_ok());
  testing::SteppedTopology& topology = **opened;
  const auto& stats = dynamic_cast<ShellSpout<Text>&>(topology.component("spout")).stats();
  CHECK(until(topology, [&] { return stats.acked.get() == 3; }));
  CHECK(*got == std::multiset<Text>{"one", "one", "three", "three", "two", "two"});
  CHECK(stats.failed.get() == 3);
  CHECK(stats.deaths.get() == 0);
}

using Places = test::PlacesOf<Text>;

/// What children wrote to the log as "went a sink[0] ...".
Places told_in(Log& log) {
  Places told;
  std::istringstream lines{log.text()};
  for (Text line; std::getline(lines, line);) {
    const std::size_t at = line.find("went ");
    if (at == Text::npos) continue;
    std::istringstream words{line.substr(at)};
    Text word;
    words >> word >> word;
    test::Names& names = told[word];
    while (words >> word)
      names.push_back(word);
  }
  return told;
}

/// Four tuples to consumers of several tasks: `add` makes a component of the child that emits them.
template <class Add>
void check_places(Log& log, Add add) {
  auto seen = std::make_shared<Places>();
  TopologyBuilder builder{"places"};
  const auto emits = add(builder);
  const auto witness = [seen] { return test::WitnessOf<Text>{seen}; };
  builder.bolt("spread", witness, {.tasks = 3}).shuffle(emits);
  builder.bolt("each", witness, {.tasks = 2}).all(emits);
  builder.bolt("keyed", witness, {.tasks = 3}).fields(emits, [](const Text& t) { return t; });
  testing::ManualClock clock;
  auto opened = testing::SteppedTopology::open(builder.build().value(), clock);
  REQUIRE(opened.is_ok());
  CHECK(until(**opened, [&] { return told_in(log).size() == 4; }));
  CHECK(until(**opened, [&] { return seen->size() == 4; }));
  CHECK(told_in(log) == test::sorted(*seen));
  CHECK(told_in(log)["a"].size() == 4);
}
void check_bolt_places(multilang::ProcessOptions process) {
  Log log;
  check_places(log, [&](TopologyBuilder& builder) {
    auto words = builder.spout("words", test::feeding(test::feed_of<Text>({"a", "b", "c", "d"})));
    auto bolt = builder.bolt("bolt", bolt_of(bolt_options(std::move(process), log)));
    bolt.shuffle(words);
    return bolt;
  });
}
void check_spout_places(multilang::ProcessOptions process) {
  Log log;
  check_places(log, [&](TopologyBuilder& builder) {
    return builder.spout("spout", [o = options_for<ShellSpoutOptions>(std::move(process), log)] {
      return ShellSpout<Text>{o, {"name"}, text_of};
    });
  });
}

}  // namespace

TEST_CASE("storm.py, pystorm: what an emit returns is where its tuple went, of several tasks") {
  check_bolt_places(storm_child("tell"));
  check_spout_places(storm_child("tell-spout"));
  check_bolt_places(pystorm_child("tell"));
  check_spout_places(pystorm_child("tell-spout"));
}

TEST_CASE("storm.py: a BasicBolt emits, learns its tasks, acks, and fails what it raises for") {
  Log log;
  Tester tester{bolt_of(bolt_options(storm_child("split"), log))};
  const auto fed = tester.feed_all({"hello", "LOUD", "to whom it may concern"});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  CHECK(tester.emitted() == Texts{"hello", "to", "whom", "it", "may", "concern"});
  CHECK(fed[0].acked());
  REQUIRE(fed[1].failed());
  CHECK_THAT(fed[1].failure().reason, Contains("too loud: LOUD") && Contains("Traceback"));
  CHECK(fed[2].acked());
  CHECK_THAT(log.text(), Contains("greetings from bolt"));
  CHECK(tester.bolt().stats().deaths.get() == 0);
}

TEST_CASE(
    "storm.py: a Bolt anchors to several tuples and counts; one that raises is started again") {
  Log log;
  Tester tester{bolt_of(bolt_options(storm_child("pairs"), log))};
  tester.hold_emitted();
  const auto fed = tester.feed_all({"a", "b"});
  REQUIRE(until(tester, [&] { return tester.bolt().stats().acked.get() == 2; }));
  CHECK(tester.emitted() == Texts{"a+b"});
  CHECK(gauge_of(tester, "pairs") == 1);
  CHECK(fed[0].pending());
  tester.ack_emitted();
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());

  const auto last = tester.feed("die");
  REQUIRE(until(tester, [&] { return last.failed(); }));
  CHECK_THAT(last.failure().reason, Contains("exit code 0") && Contains("as it was told"));
  CHECK(until(tester, [&] { return tester.bolt().stats().up.get() == 1; }));
}

TEST_CASE("storm.py: a Spout is asked, told, and brings again what failed") {
  Log log;
  check_spout(storm_child("numbers"), log);
  CHECK_THAT(log.text(), Contains("again: one"));
}

TEST_CASE("pystorm: a Bolt knows fields by name, emits, logs; what it dies of alone has failed") {
  Log log;
  Tester tester{bolt_of(bolt_options(pystorm_child("split"), log))};
  const auto fed = tester.feed_all({"hello", "LOUD", "to whom"});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  CHECK(fed[0].acked());
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().kind == FailureKind::kError);
  CHECK_THAT(fed[1].failure().reason, Contains("too loud: LOUD"));
  REQUIRE(fed[2].failed());  // pystorm ends itself after the first
  CHECK(fed[2].failure().kind == FailureKind::kUnavailable);
  CHECK_THAT(log.text(), Contains("greetings from bolt"));

  REQUIRE(until(tester, [&] { return tester.bolt().stats().up.get() == 1; }));
  const auto again = tester.feed("to whom");
  CHECK(until(tester, [&] { return again.acked(); }));
  CHECK(tester.emitted() == Texts{"hello", "to", "whom"});
}

TEST_CASE("pystorm: a BatchingBolt works by ticks") {
  Log log;
  auto options = bolt_options(pystorm_child("batches"), log);
  options.tick = 1s;
  Tester tester{bolt_of(options)};
  const auto fed = tester.feed_all({"a", "bb", "c"});
  REQUIRE(until(
      tester, [&] { return all_settled(fed); }, 50ms));
  CHECK(std::all_of(fed.begin(), fed.end(), [](const auto& one) { return one.acked(); }));
  Texts emitted = tester.emitted();
  std::sort(emitted.begin(), emitted.end());
  CHECK(emitted == Texts{"a+c", "bb"});
  CHECK(gauge_of(tester, "pairs") == 3);
  CHECK(tester.bolt().stats().deaths.get() == 0);
}

TEST_CASE("pystorm: a ReliableSpout is asked, told, and brings again what failed") {
  Log log;
  check_spout(pystorm_child("numbers"), log);
}
