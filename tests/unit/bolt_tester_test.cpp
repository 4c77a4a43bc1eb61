#include "bora/testing/bolt_tester.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"

namespace {

using bora::FailureKind;
using bora::testing::BoltTester;
using namespace std::chrono_literals;

class Doubler final : public bora::Bolt<int, int> {
 public:
  bora::Output<std::string> odd{this, "odd"};
  bora::Output<int> unread{this, "unread"};
  void execute(const int& in) override {
    if (in < 0) throw std::runtime_error("negative");
    if (in == 404) throw bora::Permanent("no such thing");
    if (in == 503) throw bora::Unavailable("closed for today");
    out.emit(2 * in);
    unread.emit(in);
    if (in % 2 != 0) odd.emit(std::to_string(in));
  }
};

TEST_CASE("bolt tester: a tuple is acked when execute returns, and what it emitted is there") {
  BoltTester t{[] { return Doubler{}; }, &Doubler::odd};
  CHECK(t.feed(21).acked());
  CHECK(t.feed(4).acked());
  CHECK(t.emitted() == std::vector{42, 8});
  CHECK(t.emitted(&Doubler::odd) == std::vector<std::string>{"21"});
}

TEST_CASE(
    "bolt tester: a throw fails the tuple with its kind and text, and the next is not touched") {
  BoltTester t{[] { return Doubler{}; }, &Doubler::odd};
  const auto fed = t.feed_all({-1, 404, 503, 1});
  REQUIRE(fed[0].failed());
  CHECK_FALSE(fed[0].acked());
  CHECK(fed[0].failure().kind == FailureKind::kError);
  CHECK(fed[0].failure().reason == "negative");
  CHECK(fed[0].failure().component == "bolt");
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().kind == FailureKind::kPermanent);
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kUnavailable);
  CHECK(fed[3].acked());
  CHECK(t.emitted() == std::vector{2});
  CHECK(t.errors().size() == 3);
}

/// Keeps its tuples, and lets go of them in different ways.
class Keeper final : public bora::Bolt<int, int> {
 public:
  std::vector<bora::AckToken> kept;
  bora::Poster poster;
  int idles = 0;
  int drains = 0;

  bora::Status open(bora::Context& context) override {
    poster = context.poster();
    context.after(2s, [this] { std::move(kept.at(0)).ack(); });
    return {};
  }
  void execute(const int&) override { kept.push_back(hold()); }
  void on_idle() override { ++idles; }
  void on_drain() override {
    ++drains;
    kept.clear();
  }
};

TEST_CASE("bolt tester: a held tuple is pending until its token is acked by a timer") {
  BoltTester t{[] { return Keeper{}; }};
  const auto fed = t.feed(1);
  CHECK(fed.pending());
  t.advance(1999ms);
  CHECK(fed.pending());
  t.advance(1ms);
  CHECK(fed.acked());
}

TEST_CASE("bolt tester: functions that another thread posts run with the next call") {
  BoltTester t{[] { return Keeper{}; }};
  const auto fed = t.feed(1);
  std::thread{[&t] { t.bolt().poster.post([&t] { std::move(t.bolt().kept[0]).ack(); }); }}.join();
  CHECK(fed.pending());
  t.run();
  CHECK(fed.acked());
}

TEST_CASE("bolt tester: a dropped token fails its tuple") {
  BoltTester t{[] { return Keeper{}; }};
  const auto fed = t.feed(1);
  t.bolt().kept.clear();
  t.run();
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kDropped);
}

TEST_CASE("bolt tester: tuples fed together come without a pause between them") {
  BoltTester t{[] { return Keeper{}; }};
  const int before = t.bolt().idles;
  t.feed_all({1, 2, 3});
  CHECK(t.bolt().idles == before + 1);
  t.feed(4);
  t.feed(5);
  CHECK(t.bolt().idles == before + 3);
}

TEST_CASE("bolt tester: a drain reaches the bolt") {
  BoltTester t{[] { return Keeper{}; }};
  const auto fed = t.feed(1);
  CHECK(t.bolt().drains == 0);
  t.drain();
  CHECK(t.bolt().drains > 0);
  CHECK(fed.failed());
}

/// Emits one tuple for two that came.
class Pairs final : public bora::Bolt<int, int> {
 public:
  void execute(const int& in) override {
    if (!first_) {
      first_.emplace(in, hold());
      return;
    }
    bora::AckToken second = hold();
    const bora::AckToken* anchors[] = {&first_->second, &second};
    out.emit(first_->first + in, anchors);
    std::move(first_->second).ack();
    std::move(second).ack();
    first_.reset();
  }

 private:
  std::optional<std::pair<int, bora::AckToken>> first_;
};

TEST_CASE("bolt tester: inputs are pending until what is anchored to them is acked downstream") {
  BoltTester t{[] { return Pairs{}; }};
  t.hold_emitted();
  const auto fed = t.feed_all({1, 2, 3, 4});
  CHECK(t.emitted() == std::vector{3, 7});
  for (const auto& f : fed)
    CHECK(f.pending());
  t.ack_emitted(&Pairs::out, 1);
  CHECK(fed[0].pending());
  CHECK(fed[1].pending());
  CHECK(fed[2].acked());
  CHECK(fed[3].acked());
  t.fail_emitted(&Pairs::out, 0, FailureKind::kError, "downstream");
  CHECK(fed[0].failed());
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().reason == "downstream");
}

TEST_CASE("bolt tester: untracked tuples are executed") {
  BoltTester t{[] { return Doubler{}; }};
  t.feed_untracked(3);
  CHECK(t.emitted() == std::vector{6});
}

class DoesNotOpen final : public bora::Bolt<int> {
 public:
  bora::Status open(bora::Context&) override { return {bora::ErrorKind::kInvalid, "no door"}; }
  void execute(const int&) override {}
};

TEST_CASE("bolt tester: a bolt that does not open says why") {
  CHECK_THROWS_WITH(BoltTester{[] { return DoesNotOpen{}; }}, Catch::Contains("no door"));
}

/// Notes the time at which its timers ring.
class Ticker final : public bora::Bolt<int, std::int64_t> {
 public:
  bora::Status open(bora::Context& context) override {
    const auto opened = context.clock().now();
    context.every(1s, [this, opened, &clock = context.clock()] {
      out.emit_unanchored((clock.now() - opened) / 1ms);
    });
    return {};
  }
  void execute(const int&) override {}
};

TEST_CASE("bolt tester: each timer rings at its time, however far the clock is moved") {
  BoltTester t{[] { return Ticker{}; }};
  t.advance(3500ms);
  CHECK(t.emitted() == std::vector<std::int64_t>{1000, 2000, 3000});
}

}  // namespace
