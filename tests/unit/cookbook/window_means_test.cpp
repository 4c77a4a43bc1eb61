// The example of docs/cookbook/window-means.md.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "bora/window.hpp"

namespace cookbook_window_means {

using namespace std::chrono_literals;

// [bolt]
struct Reading {
  std::string device;
  double celsius = 0;
};
struct Summary {
  std::string device;
  double mean = 0;
  double highest = 0;
  bool operator==(const Summary&) const = default;
};

/// What the readings of a window are folded into.
struct Folded {
  double sum = 0;
  double highest = -273.15;
};

/// Mean and maximum of each device, every minute.
class MinuteSummaries final : public bora::FoldWindowBolt<Reading, Folded, Summary, std::string> {
 public:
  MinuteSummaries() : FoldWindowBolt({.size = 1min, .key = &Reading::device}) {}

 protected:
  void fold(Folded& folded, const Reading& reading) override {
    folded.sum += reading.celsius;
    folded.highest = std::max(folded.highest, reading.celsius);
  }
  void on_window(const bora::FoldedWindow<Folded, std::string>& window) override {
    const Folded& folded = window.value();
    out.emit({window.key(), folded.sum / static_cast<double>(window.count()), folded.highest});
  }
};
// [/bolt]

// [test]
TEST_CASE("cookbook: a minute's readings are folded by device, and acked with their summary") {
  bora::testing::BoltTester t{[] { return MinuteSummaries{}; }};
  const auto fed = t.feed_all({{"a", 20}, {"b", 5}, {"a", 30}});
  CHECK(fed[0].pending());
  t.advance(1min);
  CHECK(t.emitted() == std::vector<Summary>{{"a", 25, 30}, {"b", 5, 5}});
  CHECK(fed[0].acked());
}
// [/test]

}  // namespace cookbook_window_means
