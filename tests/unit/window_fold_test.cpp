#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

namespace {

using bora::Count;
using bora::FailureKind;
using bora::testing::BoltTester;
using bora::testing::folded_by_arrival;
using bora::testing::folded_by_event;
using bora::testing::FoldingByArrival;
using bora::testing::FoldingByEvent;
using bora::testing::ManualClock;
using bora::testing::Sample;
using bora::testing::Shown;
using namespace std::chrono_literals;

constexpr std::int64_t kFirst = ManualClock::kWallStart.time_since_epoch() / 10s;

TEST_CASE("folding windows: by count, each key's inputs are folded, and acked with their window") {
  BoltTester t{folded_by_arrival({.size = Count{3}})};
  const auto fed = t.feed_all({{"a", 1}, {"b", 2}, {"a", 3}, {"a", 4}, {"b", 5}, {"a", 6}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {1, 3, 4}}});
  for (const std::size_t i : {0U, 2U, 3U})
    CHECK(fed[i].acked());
  for (const std::size_t i : {1U, 4U, 5U})
    CHECK(fed[i].pending());
  CHECK(t.bolt().counts().held == 3);
  CHECK(t.bolt().counts().keys == 2);
}

TEST_CASE("folding windows: sliding ones fold an input each; the last that holds it acks it") {
  BoltTester t{folded_by_arrival({.size = Count{4}, .slide = Count{2}})};
  const auto fed =
      t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}, {"a", 4}, {"a", 5}, {"a", 6}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {0, 1, 2, 3}}, {"a", 1, {2, 3, 4, 5}}});
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(fed[i].acked());
  for (std::size_t i = 4; i < 7; ++i)
    CHECK(fed[i].pending());
}

TEST_CASE("folding windows: by arrival, one is shown when its time is over") {
  BoltTester t{folded_by_arrival({.size = 10s})};
  const auto fed = t.feed_all({{"a", 1}, {"a", 2}});
  t.advance(9999ms);
  CHECK(t.emitted().empty());
  t.advance(1ms);
  CHECK(t.emitted() == std::vector<Shown>{{"a", kFirst, {1, 2}}});
  CHECK(fed[1].acked());
}

TEST_CASE("folding windows: by event time, inputs are folded as they come, and late ones are not") {
  BoltTester t{folded_by_event({.size = 10s, .slide = 5s}), &FoldingByEvent::late};
  const auto at = [](int s) {
    return Sample{"a", s, ManualClock::kWallStart + std::chrono::seconds{s}};
  };
  t.feed_all({at(11), at(8), at(4), at(20)});  // 8 is late for [0, 10), not for [5, 15)
  CHECK(t.emitted() ==
        std::vector<Shown>{{"a", 2 * kFirst + 1, {11, 8}}, {"a", 2 * kFirst + 2, {11}}});
  REQUIRE(t.emitted(&FoldingByEvent::late).size() == 1);
  CHECK(t.emitted(&FoldingByEvent::late)[0].value == 4);
}

TEST_CASE("folding windows: an input is done when all is that its window emitted") {
  BoltTester t{folded_by_arrival({.size = Count{2}, .slide = Count{1}})};
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}});  // shows {0, 1} and {1, 2}
  t.ack_emitted(&FoldingByArrival::out, 1);
  for (const auto& f : fed)
    CHECK(f.pending());
  t.ack_emitted(&FoldingByArrival::out, 0);
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
  CHECK(fed[2].pending());  // {2, 3} will hold it
}

TEST_CASE("folding windows: what fails downstream fails every input of its window, and no other") {
  BoltTester t{folded_by_arrival({.size = Count{2}})};
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}});
  t.fail_emitted(&FoldingByArrival::out, 0, FailureKind::kError, "no");
  t.ack_emitted();
  CHECK(fed[0].failed());
  CHECK(fed[1].failed());
  CHECK(fed[2].acked());
  CHECK(fed[3].acked());
}

TEST_CASE("folding windows: a throw in on_window fails the inputs, whatever was emitted before") {
  BoltTester t{folded_by_arrival({.size = Count{2}})};
  t.bolt().on_show = [](const auto&) { throw std::runtime_error("no"); };
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}});
  REQUIRE(t.emitted().size() == 1);
  t.ack_emitted();
  for (const auto& f : fed) {
    REQUIRE(f.failed());
    CHECK(f.failure().reason == "no");
  }
  CHECK(t.bolt().counts().failed == 1);
}

TEST_CASE("folding windows: one that finds its sink unavailable is shown again, as it was") {
  BoltTester t{folded_by_arrival({.size = Count{2}, .limits = {.retry_after = 1s}})};
  bool is_down = true;
  t.bolt().on_show = [&](const auto&) {
    if (is_down) throw bora::Unavailable("down");
  };
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}, {"a", 3}});
  t.advance(1s);
  CHECK(t.bolt().counts().retries == 2);
  is_down = false;
  for (const auto& f : fed)
    CHECK(f.pending());
  t.advance(1s);
  for (const auto& f : fed)
    CHECK(f.acked());
  const Shown first{"a", 0, {0, 1}};
  CHECK(t.emitted() == std::vector<Shown>{first, first, first, {"a", 1, {2, 3}}});
}

TEST_CASE("folding windows: what fold throws fails that input alone") {
  BoltTester t{folded_by_arrival({.size = Count{2}})};
  t.bolt().on_fold = [](const Sample& in) {
    if (in.value < 0) throw bora::Permanent("below zero");
  };
  const auto bad = t.feed({"a", -1});
  REQUIRE(bad.failed());
  CHECK(bad.failure().kind == FailureKind::kPermanent);
  CHECK(t.bolt().counts().keys == 0);
  const auto fed = t.feed_all({{"a", 0}, {"a", -1}, {"a", 1}});
  CHECK(t.emitted() == std::vector<Shown>{{"a", 0, {0, 1}}});
  CHECK(fed[0].acked());
  CHECK(fed[1].failed());
  CHECK(fed[2].acked());
}

TEST_CASE("folding windows: an input that only some windows fold fails when these are done") {
  BoltTester t{folded_by_arrival({.size = 30s, .slide = 10s})};
  int folds = 0;
  t.bolt().on_fold = [&](const Sample& in) {
    if (in.value == 1 && ++folds == 2) throw std::runtime_error("no");
  };
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"b", 1}});
  CHECK(fed[1].pending());
  t.advance(10s);  // only the first of three windows has it
  CHECK(t.emitted().front() == Shown{"a", kFirst - 2, {0, 1}});
  CHECK(fed[0].pending());
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().reason == "no");
  CHECK(fed[2].pending());
  t.advance(20s);
  CHECK(t.emitted().size() == 6);
  CHECK(fed[0].acked());
  CHECK(fed[2].acked());
  CHECK(t.bolt().counts().held == 0);
}

TEST_CASE(
    "folding windows: beyond max_inputs an input fails as unavailable; a drain gives all back") {
  BoltTester t{folded_by_arrival({.size = Count{5}, .limits = {.max_inputs = 2}})};
  const auto fed = t.feed_all({{"a", 0}, {"a", 1}, {"a", 2}});
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kUnavailable);
  t.drain();
  REQUIRE(fed[0].failed());
  CHECK(fed[0].failure().kind == FailureKind::kAbandoned);
  CHECK(t.bolt().counts().held == 0);
}

/// Counts its instances.
struct Counted {
  static inline int alive = 0;
  int value = 0;
  explicit Counted(int v) : value(v) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
};

/// One window for the whole task, which emits twice.
class Sums final : public bora::FoldWindowBolt<Counted, int, int> {
 public:
  Sums() : FoldWindowBolt({.size = Count{3}}) {}
  void fold(int& sum, const Counted& in) override { sum += in.value; }
  void on_window(const bora::FoldedWindow<int>& window) override {
    out.emit(window.value());
    out.emit(static_cast<int>(window.count()));
  }
};

TEST_CASE("folding windows: inputs are not kept, only their tokens; the window may emit more") {
  BoltTester t{[] { return Sums{}; }};
  t.hold_emitted();
  std::vector<bora::testing::Fed> fed;
  for (const int value : {1, 2})
    fed.push_back(t.feed(Counted{value}));
  CHECK(Counted::alive == 0);
  CHECK(fed[0].pending());
  fed.push_back(t.feed(Counted{4}));
  CHECK(t.emitted() == std::vector{7, 3});
  t.ack_emitted(&Sums::out, 0);
  CHECK(fed[0].pending());
  t.ack_emitted(&Sums::out, 1);
  for (const auto& f : fed)
    CHECK(f.acked());
}

TEST_CASE("windows: keys that come and go begin anew, however many there were in between") {
  BoltTester t{folded_by_arrival({.size = Count{1}})};
  t.feed({"first", 1});
  for (int i = 0; i < 4'200; ++i)  // more than are remembered
    t.feed({std::to_string(i), i});
  t.feed({"first", 2});
  REQUIRE(t.emitted().size() == 4'202);
  CHECK(t.emitted().back() == Shown{"first", 0, {2}});
  CHECK(t.bolt().counts().keys == 0);
}

}  // namespace
