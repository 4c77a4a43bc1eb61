#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

namespace {

using bora::Count;
using bora::testing::BoltTester;
using bora::testing::by_arrival;
using bora::testing::Sample;
using bora::testing::Shown;

TEST_CASE(
    "count windows: tumbling ones are shown by key when their last input comes, and ack all") {
  BoltTester t{by_arrival({.size = Count{3}})};
  const auto fed = t.feed_all({{"a", 1}, {"b", 2}, {"a", 3}, {"a", 4}, {"b", 5}, {"a", 6}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {1, 3, 4}}});
  for (const std::size_t i : {0U, 2U, 3U})
    CHECK(fed[i].acked());
  for (const std::size_t i : {1U, 4U, 5U})
    CHECK(fed[i].pending());
  CHECK(t.bolt().counts().held == 3);
}

TEST_CASE("count windows: a sliding one shares its inputs; the last that holds an input acks it") {
  BoltTester t{by_arrival({.size = Count{4}, .slide = Count{2}})};
  const auto fed =
      t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}, {"a", 4}, {"a", 5}, {"a", 6}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {0, 1, 2, 3}}, {"a", 1, {2, 3, 4, 5}}});
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(fed[i].acked());
  for (std::size_t i = 4; i < 7; ++i)
    CHECK(fed[i].pending());
}

TEST_CASE("count windows: inputs between two windows are acked unseen") {
  BoltTester t{by_arrival({.size = Count{2}, .slide = Count{3}})};
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}, {"a", 4}, {"a", 5}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {0, 1}}, {"a", 0, {3, 4}}});
  for (const auto& f : fed)
    CHECK(f.acked());
  CHECK(t.bolt().counts().keys == 0);
}

TEST_CASE("count windows: an input is not done before what every one of its windows emitted is") {
  BoltTester t{by_arrival({.size = Count{2}, .slide = Count{1}})};
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}});  // shows {0, 1} and {1, 2}
  REQUIRE(t.emitted().size() == 2);
  const auto out = &bora::testing::ShowingByArrival::out;
  t.ack_emitted(out, 1);
  CHECK(fed[0].pending());
  CHECK(fed[1].pending());  // {0, 1} still holds it
  CHECK(fed[2].pending());  // {2, 3} will hold it
  t.ack_emitted(out, 0);
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
}

TEST_CASE("count windows: what fails downstream fails every input of its window, and no other") {
  BoltTester t{by_arrival({.size = Count{2}})};
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}});
  t.fail_emitted(&bora::testing::ShowingByArrival::out, 0, bora::FailureKind::kError, "no");
  t.ack_emitted();
  CHECK(fed[0].failed());
  CHECK(fed[1].failed());
  CHECK(fed[2].acked());
  CHECK(fed[3].acked());
}

/// One window for the whole task.
class Sums final : public bora::WindowBolt<int, int> {
 public:
  Sums() : WindowBolt({.size = Count{2}}) {}
  void on_window(const bora::Window<int>& window) override {
    CHECK(window.inputs().size() == window.size());
    int sum = 0;
    for (const int value : window)
      sum += value;
    out.emit(sum);
  }
};

TEST_CASE("count windows: without a key there is one window per task") {
  BoltTester t{[] { return Sums{}; }};
  t.feed_all({1, 2, 3, 4, 5});
  CHECK(t.emitted() == std::vector{3, 7});
}

TEST_CASE("windows: options that make no sense are faults of the topology, with their mend") {
  const auto fault_of = [](bora::testing::ArrivalOptions options) {
    try {
      BoltTester t{by_arrival(options)};
    } catch (const std::exception& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  using namespace std::chrono_literals;
  CHECK_THAT(fault_of({.size = Count{0}}), Catch::Contains("size is 0"));
  CHECK_THAT(fault_of({.size = 1500us}), Catch::Contains("whole milliseconds"));
  CHECK_THAT(fault_of({.size = 1s, .slide = -1s}), Catch::Contains("slide is -1000"));
  CHECK_THAT(fault_of({.size = 1s, .slide = Count{1}}), Catch::Contains("both"));
  using Keyed = bora::testing::ShowingByArrival;
  CHECK_THROWS_WITH(Keyed({.size = Count{1}}), Catch::Contains(".key = "));
  using Event = bora::testing::ShowingByEvent;
  CHECK_THROWS_WITH(Event({.size = 1s, .key = &Sample::key}), Catch::Contains(".time = "));
  CHECK_THROWS_WITH(Event({.size = Count{2}, .time = &Sample::time, .key = &Sample::key}),
                    Catch::Contains("bora::WindowBolt"));
}

}  // namespace
