#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "support/engine_components.hpp"

using namespace bora;
using namespace bora::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

struct Reading {
  std::uint64_t device_id = 0;
};

class Pass final : public Bolt<int, int> {
 public:
  void execute(const int&) override {}
};
class Sink final : public Bolt<int> {
 public:
  void execute(const int&) override {}
};
class TextSink final : public Bolt<std::string> {
 public:
  void execute(const std::string&) override {}
};
class KeySink final : public Bolt<Reading> {
 public:
  void execute(const Reading&) override {}
};
class TwoOutputs final : public Bolt<int> {
 public:
  Output<int> alerts{this, "alerts"};
  Output<int> rest{this, "rest"};
  void execute(const int&) override {}
};
class SameNames final : public Bolt<int, int> {
 public:
  Output<int> again{this, "default"};
  void execute(const int&) override {}
};

auto source_of(TopologyBuilder& builder, const std::string& name, ComponentOptions options = {}) {
  return builder.spout(name, feeding(feed_of<int>()), std::move(options));
}

/// The faults of what `describe` builds: the text that an author sees.
template <class Describe>
std::string faults_of(Describe describe) {
  TopologyBuilder builder{"test"};
  describe(builder);
  auto built = builder.build();
  if (built) return "";
  CHECK(built.error().kind == ErrorKind::kInvalid);
  return built.error().message;
}

}  // namespace

TEST_CASE("a sound topology builds and describes itself in the order of its flow") {
  TopologyBuilder builder{"sound"};
  auto source = source_of(builder, "source");
  auto pass = builder.bolt("pass", [] { return Pass{}; }, {.tasks = 2}).shuffle(source);
  builder.bolt("sink", [] { return Sink{}; })
      .fields(
          pass, [](int v) { return v; }, "number")
      .global(source);
  auto built = builder.build();
  REQUIRE(built);
  CHECK(built->name() == "sound");
  CHECK(built->warnings().empty());
  const auto nodes = built->nodes();
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].name == "source");
  CHECK(nodes[0].is_spout);
  CHECK(nodes[1].tasks == 2);
  CHECK(built->edges() == std::vector<Topology::Edge>{{"source", "default", "pass", "shuffle"},
                                                      {"pass", "default", "sink", "fields(number)"},
                                                      {"source", "default", "sink", "global"}});
}

TEST_CASE("every fault is told at once, each with its mend") {
  TopologyBuilder builder{""};
  auto source = source_of(builder, "twin", {.tasks = 0});
  builder.bolt("twin", [] { return Sink{}; });
  builder.bolt("", [] { return Pass{}; }).shuffle(source);
  auto built = builder.build();
  REQUIRE_FALSE(built);
  CHECK(built.error().message ==
        "topology '' has 6 faults:"
        "\n  - the topology has no name: give TopologyBuilder one"
        "\n  - two components are named 'twin': rename one"
        "\n  - a component has no name: give each spout and bolt one"
        "\n  - 'twin' has 0 tasks: give it 1 to 1024"
        "\n  - bolt 'twin' reads no stream: subscribe it, for instance with .shuffle(upstream)"
        "\n  - nobody reads stream 'default' of '': subscribe a bolt to it, or say "
        "topology.discard(...)");
}

TEST_CASE("a topology of nothing says what it lacks") {
  CHECK(faults_of([](TopologyBuilder&) {}) ==
        "topology 'test' has 1 fault:\n  - it has no components: add a spout and a bolt");
}

TEST_CASE("a handle of another builder is a component that is not here") {
  TopologyBuilder elsewhere{"elsewhere"};
  auto stranger = source_of(elsewhere, "stranger");
  CHECK_THAT(faults_of([&](TopologyBuilder& b) {
               b.bolt("sink", [] { return Sink{}; }).shuffle(stranger);
             }),
             Contains("'sink' reads from 'stranger', which is not in this topology: use a handle "
                      "of this builder"));
}

TEST_CASE("a stream that its component does not have is named beside those that it has") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto source = source_of(b, "source");
               b.bolt("two", [] { return TwoOutputs{}; }).shuffle(source);
               b.bolt("sink", [] { return Sink{}; }).shuffle(Stream<int>{"two", "alarms"});
             }),
             Contains("'sink' reads stream 'alarms' of 'two', which has no such output; it has: "
                      "'alerts', 'rest'"));
}

TEST_CASE("a stream that carries another type than its handle says is a fault, not a crash") {
  TopologyBuilder elsewhere{"elsewhere"};
  auto texts = elsewhere.spout("source", feeding(feed_of<std::string>()));
  CHECK_THAT(faults_of([&](TopologyBuilder& b) {
               b.discard(source_of(b, "source"));
               b.bolt("sink", [] { return TextSink{}; }).shuffle(texts);
             }),
             Contains("'sink' reads stream 'default' of 'source' as another type than it carries: "
                      "use a handle of this builder"));
}

TEST_CASE("a stream that nobody reads is a fault unless it is discarded") {
  const auto describe = [](TopologyBuilder& b) {
    auto source = source_of(b, "source");
    auto two = b.bolt("two", [] { return TwoOutputs{}; }).shuffle(source);
    b.bolt("sink", [] { return Sink{}; }).shuffle(two[&TwoOutputs::alerts]);
    return two;
  };
  CHECK_THAT(faults_of(describe),
             Contains("nobody reads stream 'rest' of 'two': subscribe a bolt to it, or say "
                      "topology.discard(...)"));
  CHECK(faults_of([&](TopologyBuilder& b) {
          auto two = describe(b);
          b.discard(two[&TwoOutputs::rest]);
        }).empty());
}

TEST_CASE("a cycle names its members and what follows them") {
  // Handles exist before their subscriptions, so a cycle can be written.
  const std::string text = faults_of([](TopologyBuilder& b) {
    auto source = source_of(b, "source");
    auto first = b.bolt("first", [] { return Pass{}; });
    auto second = b.bolt("second", [] { return Pass{}; });
    first.shuffle(source).shuffle(second);
    second.shuffle(first);
    b.bolt("sink", [] { return Sink{}; }).shuffle(second);
  });
  CHECK_THAT(text, Contains("these components wait for each other in a cycle, or follow one: "
                            "'first', 'second', 'sink'; a topology is acyclic: take the "
                            "subscription out that leads back"));
  CHECK_THAT(text, StartsWith("topology 'test' has 1 fault:"));
}

TEST_CASE("a bolt that reads itself is a cycle, also when it is local to itself") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto self = b.bolt("self", [] { return Pass{}; }).shuffle(source_of(b, "source"));
               self.shuffle(self);
             }),
             Contains("cycle, or follow one: 'self'"));
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto self = b.bolt("self", [] { return Pass{}; });
               self.local(self);
             }),
             Contains("cycle, or follow one: 'self'"));
}

TEST_CASE("two outputs of one name are a fault") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               b.bolt("same", [] { return SameNames{}; }).shuffle(source_of(b, "source"));
             }),
             Contains("'same' declares two outputs named 'default': rename one"));
}

TEST_CASE("local needs the same number of tasks on both sides") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto source = source_of(b, "source", {.tasks = 2});
               b.bolt("sink", [] { return Sink{}; }, {.tasks = 3}).local(source);
             }),
             Contains("'sink' is local to 'source' but has 3 tasks where that has 2: give both the "
                      "same number"));
}

TEST_CASE("a bolt cannot be local to two threads, but to two components of one thread") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto one = source_of(b, "one");
               auto two = source_of(b, "two");
               b.bolt("sink", [] { return Sink{}; }).local(one).local(two);
             }),
             Contains("'sink' is local to components on different threads ('one', 'two'): keep one "
                      "`local`, make the others shuffle or fields"));
  CHECK(faults_of([](TopologyBuilder& b) {
          auto one = source_of(b, "one");
          auto pass = b.bolt("pass", [] { return Pass{}; }).local(one);
          b.bolt("sink", [] { return Sink{}; }).local(one).local(pass);
        }).empty());
}

TEST_CASE("numbers of tasks and of messages in flight have bounds") {
  CHECK_THAT(faults_of([](TopologyBuilder& b) {
               auto source = source_of(b, "source", {.tasks = 1025, .max_in_flight = 0});
               b.bolt("sink", [] { return Sink{}; }, {.tasks = 0}).shuffle(source);
             }),
             Contains("'source' has 1025 tasks: give it 1 to 1024") &&
                 Contains("'source' has max_in_flight 0: give it 1 to 16777216") &&
                 Contains("'sink' has 0 tasks: give it 1 to 1024"));
}

TEST_CASE("more messages in flight than the engine can number are a fault, not a crash") {
  const std::string text = faults_of([](TopologyBuilder& b) {
    auto source = source_of(b, "source", {.tasks = 1024, .max_in_flight = 1U << 24});
    b.bolt("sink", [] { return Sink{}; }).shuffle(source);
  });
  CHECK_THAT(text, Contains("its spouts have 1024 tasks with up to 16777216 messages in flight "
                            "each, more than the engine can number: lower max_in_flight or tasks"));
}

TEST_CASE("a factory that throws, or makes nothing, is a fault and hides no other") {
  const std::string text = faults_of([](TopologyBuilder& b) {
    auto source = source_of(b, "source");
    auto bad = b.bolt("bad", []() -> TwoOutputs { throw std::runtime_error("no such file"); });
    bad.shuffle(source);
    b.bolt("worse", []() -> Sink { throw 7; }).shuffle(source);
    b.bolt("none", [] { return std::unique_ptr<Sink>{}; }).shuffle(source);
    b.bolt("sink", [] { return Sink{}; }).shuffle(bad[&TwoOutputs::alerts]);
    b.bolt("lonely", [] { return Sink{}; });
  });
  CHECK_THAT(text, StartsWith("topology 'test' has 4 faults:"));
  CHECK_THAT(text, Contains("the factory of 'bad' threw: no such file; constructors must not touch "
                            "the outside world, open() does"));
  CHECK_THAT(text,
             Contains("the factory of 'worse' threw: an exception that is no std::exception"));
  CHECK_THAT(text, Contains("the factory of 'none' threw: it made a null pointer"));
  CHECK_THAT(text, Contains("bolt 'lonely' reads no stream"));
}

TEST_CASE("a factory that throws only for a later task keeps the topology from starting") {
  int made = 0;
  TopologyBuilder builder{"late"};
  auto source = source_of(builder, "source");
  builder
      .bolt("sink",
            [&]() -> std::unique_ptr<Sink> {
              if (++made == 2) throw std::runtime_error("out of licences");
              return std::make_unique<Sink>();
            },
            {.tasks = 2})
      .shuffle(source);
  auto built = builder.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value());
  REQUIRE_FALSE(running);
  CHECK_THAT(running.error().message,
             Contains("late") && Contains("sink[1]") && Contains("out of licences"));
}

TEST_CASE("a keyed bolt whose key is not the source's is warned of, with the mend") {
  const auto warnings = [](const std::string& source_key, const std::string& key) {
    TopologyBuilder builder{"scope"};
    auto source = builder.spout("source", feeding(feed_of<Reading>()), {.source_key = source_key});
    builder.bolt("sink", [] { return KeySink{}; }).fields(source, &Reading::device_id, key);
    auto built = builder.build();
    REQUIRE(built);
    return built->warnings();
  };
  CHECK(warnings("device_id", "device_id").empty());
  CHECK(warnings("", "device_id").empty());
  REQUIRE(warnings("gateway", "device_id").size() == 1);
  CHECK(warnings("gateway", "device_id")[0] ==
        "'sink' groups by 'device_id', but its source 'source' is partitioned by 'gateway': in "
        "several processes one key may reach several of them; publish to a topic keyed by it "
        "first, or name the key in .fields(from, key, \"gateway\") when it is the same");
  CHECK_THAT(warnings("gateway", "")[0], Contains("'sink' groups by a key without a name, but"));
}

TEST_CASE("the sources of a keyed bolt are found through every way, however many there are") {
  TopologyBuilder builder{"diamonds"};
  auto source = builder.spout("source", feeding(feed_of<int>()), {.source_key = "device"});
  auto last = builder.bolt("bolt0", [] { return Pass{}; }).shuffle(source);
  for (int i = 1; i < 40; ++i)  // 2^40 ways from end to end
    last =
        builder.bolt("bolt" + std::to_string(i), [] { return Pass{}; }).shuffle(last).global(last);
  builder.bolt("sink", [] { return Sink{}; })
      .fields(
          last, [](int v) { return v; }, "other");
  auto built = builder.build();
  REQUIRE(built);
  CHECK(built->warnings().size() == 1);
}
