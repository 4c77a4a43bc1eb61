// The example of docs/cookbook/deduplicate.md.

#include <chrono>
#include <string>
#include <unordered_set>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/testing/bolt_tester.hpp"

namespace cookbook_deduplicate {

using namespace std::chrono_literals;

// [bolt]
struct Order {
  std::string id;
  int amount = 0;
  bool operator==(const Order&) const = default;
};

/// Lets each order pass once. Remembers an id for one to two hours.
class FirstOnly final : public bora::Bolt<Order, Order> {
 public:
  bora::Status open(bora::Context& context) override {
    context.every(1h, [this] {
      older_ = std::move(newer_);
      newer_ = {};
    });
    return {};
  }
  void execute(const Order& in) override {
    if (older_.count(in.id) != 0 || !newer_.insert(in.id).second) return;  // seen: done
    out.emit(in);
  }

 private:
  std::unordered_set<std::string> newer_;
  std::unordered_set<std::string> older_;
};
// [/bolt]

// [test]
TEST_CASE("cookbook: an order that comes twice passes once, and again when it is long forgotten") {
  bora::testing::BoltTester t{[] { return FirstOnly{}; }};
  t.feed_all({{"a", 1}, {"a", 1}, {"b", 2}});
  CHECK(t.emitted() == std::vector<Order>{{"a", 1}, {"b", 2}});
  t.advance(1h);
  t.feed({"a", 1});
  CHECK(t.emitted().size() == 2);
  t.advance(2h);
  t.feed({"a", 1});
  CHECK(t.emitted().size() == 3);
}
// [/test]

}  // namespace cookbook_deduplicate
