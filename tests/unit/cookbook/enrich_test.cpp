// The example of docs/cookbook/enrich.md.

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/testing/bolt_tester.hpp"

namespace cookbook_enrich {

using namespace std::chrono_literals;

// [bolt]
struct Reading {
  std::string device;
  double celsius = 0;
};
struct Placed {
  std::string device;
  std::string shop;
  double celsius = 0;
  bool operator==(const Placed&) const = default;
};
using Shops = std::unordered_map<std::string, std::string>;  // by device

/// Adds the shop of each reading's device, from a table that is loaded again every ten minutes.
class AddShop final : public bora::Bolt<Reading, Placed> {
 public:
  using Load = std::function<bora::Result<Shops>()>;
  explicit AddShop(Load load) : load_(std::move(load)) {}

  bora::Status open(bora::Context& context) override {
    context.every(10min, [this, &context] {
      if (bora::Status loaded = reload(); !loaded)
        context.report_error(std::string(loaded.message()));  // the old table still serves
    });
    return reload();  // without any table there is no start
  }
  void execute(const Reading& in) override {
    const auto shop = shops_.find(in.device);
    out.emit({in.device, shop == shops_.end() ? "unknown" : shop->second, in.celsius});
  }

 private:
  bora::Status reload() {
    auto loaded = load_();
    if (!loaded) return loaded.status();
    shops_ = std::move(loaded).value();
    return {};
  }

  Load load_;
  Shops shops_;
};
// [/bolt]

// [test]
TEST_CASE(
    "cookbook: a table is loaded again from time to time, and an old one is better than none") {
  bora::Result<Shops> table = Shops{{"a", "Shop 1"}};
  bora::testing::BoltTester t{[&] { return AddShop{[&] { return table; }}; }};
  t.feed_all({{"a", 4}, {"b", 5}});
  table = Shops{{"a", "Shop 2"}};
  t.advance(10min);
  table = bora::Error{bora::ErrorKind::kUnavailable, "no table"};
  t.advance(10min);
  t.feed({"a", 6});
  CHECK(t.emitted() ==
        std::vector<Placed>{{"a", "Shop 1", 4}, {"b", "unknown", 5}, {"a", "Shop 2", 6}});
  CHECK(t.errors() == std::vector<std::string>{"no table"});
}
// [/test]

}  // namespace cookbook_enrich
