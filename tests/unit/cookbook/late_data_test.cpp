// The example of docs/cookbook/late-data.md.

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "bora/window.hpp"

namespace cookbook_late_data {

using namespace std::chrono_literals;

// [bolt]
struct Sale {
  std::string shop;
  int amount = 0;
  bora::WallTime time;
};
struct Total {
  std::string shop;
  int amount = 0;
  bool operator==(const Total&) const = default;
};

/// Sales of each minute, by the time at which they were made. A sale may come up to ten seconds after
/// one that was made later; what is later still goes to the stream `late`.
class MinuteTotals final : public bora::EventWindowBolt<Sale, Total, std::string> {
 public:
  MinuteTotals()
      : EventWindowBolt({.size = 1min,
                         .time = &Sale::time,
                         .key = &Sale::shop,
                         .watermark = {.max_out_of_order = 10s}}) {}

 protected:
  void on_window(const bora::Window<Sale, std::string>& window) override {
    int sum = 0;
    for (const Sale& sale : window)
      sum += sale.amount;
    out.emit({window.key(), sum});
  }
};
// [/bolt]

// [test]
TEST_CASE("cookbook: a sale that comes a little late counts, one that is too late goes elsewhere") {
  bora::testing::BoltTester t{[] { return MinuteTotals{}; }, &MinuteTotals::late};
  const auto begin =
      std::chrono::floor<std::chrono::minutes>(bora::testing::ManualClock::kWallStart);
  t.feed_all({{"a", 1, begin + 59s}, {"a", 2, begin + 65s}, {"a", 4, begin + 58s}});
  CHECK(t.emitted().empty());
  t.feed({"a", 8, begin + 70s});  // nothing before :60 is expected any more
  CHECK(t.emitted() == std::vector<Total>{{"a", 5}});
  t.feed({"a", 16, begin + 57s});
  CHECK(t.emitted(&MinuteTotals::late).size() == 1);
}
// [/test]

}  // namespace cookbook_late_data
