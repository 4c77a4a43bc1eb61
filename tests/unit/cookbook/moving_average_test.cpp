// The example of docs/cookbook/moving-average.md.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "bora/window.hpp"

namespace cookbook_moving_average {

// [bolt]
struct Reading {
  std::string device;
  double celsius = 0;
};
struct Average {
  std::string device;
  double celsius = 0;
  bool operator==(const Average&) const = default;
};

/// The mean of the last three readings of each device, at every reading from the third on.
class MovingAverage final : public bora::WindowBolt<Reading, Average, std::string> {
 public:
  MovingAverage()
      : WindowBolt({.size = bora::Count{3}, .slide = bora::Count{1}, .key = &Reading::device}) {}

 protected:
  void on_window(const bora::Window<Reading, std::string>& window) override {
    double sum = 0;
    for (const Reading& reading : window)
      sum += reading.celsius;
    out.emit({window.key(), sum / static_cast<double>(window.size())});
  }
};
// [/bolt]

// [test]
TEST_CASE("cookbook: a moving average is shown at every reading from the third on, by device") {
  bora::testing::BoltTester t{[] { return MovingAverage{}; }};
  const auto fed = t.feed_all({{"a", 1}, {"a", 2}, {"b", 100}, {"a", 6}, {"a", 7}});
  CHECK(t.emitted() == std::vector<Average>{{"a", 3}, {"a", 5}});
  CHECK(fed[0].acked());    // its last window is done
  CHECK(fed[4].pending());  // two more windows will hold it
}
// [/test]

}  // namespace cookbook_moving_average
