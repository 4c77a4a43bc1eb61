// The example of CONTRIBUTING.md, which quotes the parts between [name] and [/name].

// [bolt]
#include <chrono>
#include <set>
#include <string>

#include "bora/bolt.hpp"

struct Reading {
  std::string device;
  double celsius = 0;
};
struct Alert {
  std::string device;
  double celsius = 0;
  bool operator==(const Alert&) const = default;
};

/// Warns of devices that are too warm: once, and again when `repeat` has passed.
/// Fails: a reading without a device is bad for good; it goes to the dead letters.
class TooWarmBolt final : public bora::Bolt<Reading> {
 public:
  struct Options {
    double limit = 8;  ///< Degrees Celsius; warmer is too warm.
    std::chrono::minutes repeat{10};
  };
  bora::Output<Alert> alerts{this, "alerts"};

  explicit TooWarmBolt(Options options) : options_(options) {}

  bora::Status open(bora::Context& context) override {
    context.every(options_.repeat, [this] { warned_.clear(); });
    return {};
  }
  void execute(const Reading& in) override {
    if (in.device.empty()) throw bora::Permanent("a reading names no device");
    if (in.celsius > options_.limit && warned_.insert(in.device).second)
      alerts.emit({in.device, in.celsius});
  }

 private:
  const Options options_;
  std::set<std::string> warned_;
};
// [/bolt]

// [test]
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"

using bora::testing::BoltTester;
using namespace std::chrono_literals;

TEST_CASE("too warm: a device is warned of once, and again when the time has passed") {
  BoltTester t{[] { return TooWarmBolt{{.limit = 8, .repeat = 10min}}; }, &TooWarmBolt::alerts};
  CHECK(t.feed({"fridge 1", 7.9}).acked());
  CHECK(t.emitted(&TooWarmBolt::alerts).empty());

  t.feed_all({{"fridge 1", 8.1}, {"fridge 1", 8.2}, {"fridge 2", 9.0}});
  CHECK(t.emitted(&TooWarmBolt::alerts) ==
        std::vector<Alert>{{"fridge 1", 8.1}, {"fridge 2", 9.0}});

  t.advance(10min);  // timers ring, on a clock that the test owns
  t.feed({"fridge 1", 8.3});
  CHECK(t.emitted(&TooWarmBolt::alerts).size() == 3);
}

TEST_CASE("too warm: a reading that names no device fails for good, with the reason") {
  BoltTester t{[] { return TooWarmBolt{{}}; }, &TooWarmBolt::alerts};
  const auto fed = t.feed({"", 20});
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == bora::FailureKind::kPermanent);
  CHECK(fed.failure().reason == "a reading names no device");
}
// [/test]
