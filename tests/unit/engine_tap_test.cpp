#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/tuple_json.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace shown {
struct Point {
  int x = 0;
  int y = 0;
};
void tuple_json(const Point& point, std::string& out) {
  out += "[" + std::to_string(point.x) + "," + std::to_string(point.y) + "]";
}
struct Plain {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};
enum class Colour : std::uint8_t { kRed = 3 };
}  // namespace shown

namespace {

template <class T>
std::string json_of(const T& tuple) {
  std::string out;
  internal::append_tuple(out, tuple);
  return out;
}

/// source -> sink, with a tap that keeps what it sees.
struct Tapped {
  Tapped() : topology(build()) {}
  Result<Topology> build() {
    TopologyBuilder builder{"tapped"};
    auto source = builder.spout("source", feeding(feed));
    builder.bolt("sink", doing<int>([this](auto&, const int&) { ++executed; })).shuffle(source);
    builder.bolt("other", doing<int>([](auto&, const int&) {})).shuffle(source);
    return builder.build();
  }
  void watch(std::chrono::nanoseconds pause) {
    topology.runtime()
        .tap("source", "default")
        ->watch(topology.clock.now(), pause, [this](auto& s) {
          seen.push_back(s.json);
          last = s;
          return wanted;
        });
  }
  FeedPtr<int> feed = feed_of<int>();
  int executed = 0;
  bool wanted = true;
  std::vector<std::string> seen;
  TupleSample last;
  SteppedTopology topology;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a tuple reads as its type says, and one that does not say by name and size") {
  CHECK(json_of(shown::Point{1, 2}) == "[1,2]");
  CHECK(json_of(shown::Plain{}) == R"({"type":"shown::Plain","bytes":16})");
  CHECK(json_of(std::variant<int, shown::Point>{shown::Point{3, 4}}) == "[3,4]");
  CHECK(json_of(shown::Colour::kRed) == "3");
  CHECK(json_of(-7) == "-7");
  CHECK(json_of(true) == "true");
  CHECK(json_of(1.5) == "1.5");
  CHECK(json_of(std::numeric_limits<double>::infinity()) == R"("inf")");
  CHECK(json_of(std::string{"a\"b\\\n\x01"}) == R"("a\"b\\\u000a\u0001")");
}

TEST_CASE("a stream that is watched shows tuples with their messages, others go on as before") {
  Tapped t;
  t.feed->add({7, 8});
  t.topology.run();
  CHECK(t.seen.empty());
  t.watch(1s);
  t.feed->add({9, 10});
  t.topology.run();
  CHECK(t.seen == Texts{"9"});
  REQUIRE(t.last.message);
  CHECK(t.last.message->offset == 2);
  CHECK(t.executed == 4);
  CHECK(t.feed->acked.size() == 4);
}

TEST_CASE("a stream shows no more than one tuple per pause, until nobody wants any") {
  Tapped t;
  t.watch(1s);
  for (int i = 0; i < 25; ++i) {
    t.feed->add(i);
    t.topology.run();
    t.topology.clock.advance(100ms);
  }
  CHECK(t.seen == Texts{"0", "10", "20"});
  t.wanted = false;
  t.topology.clock.advance(1s);
  t.feed->add({30, 31});
  t.topology.run();
  t.topology.clock.advance(1h);
  t.feed->add(40);
  t.topology.run();
  CHECK(t.seen == Texts{"0", "10", "20", "30"});
}

TEST_CASE("an untracked tuple is shown without a message") {
  Tapped t;
  t.feed->untracked = true;
  t.watch(1s);
  t.feed->add(5);
  t.topology.run();
  CHECK(t.seen == Texts{"5"});
  CHECK_FALSE(t.last.message);
}

TEST_CASE("a stream that nobody reads cannot be watched") {
  Tapped t;
  CHECK(t.topology.runtime().tap("sink", "default") == nullptr);
  CHECK(t.topology.runtime().tap("source", "other") == nullptr);
}
