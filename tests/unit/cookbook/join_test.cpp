// The example of docs/cookbook/join.md.

#include <chrono>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/testing/bolt_tester.hpp"

namespace cookbook_join {

using namespace std::chrono_literals;

// [bolt]
struct Order {
  std::string id;
  int amount = 0;
};
struct Payment {
  std::string order;
};
struct PaidOrder {
  std::string id;
  int amount = 0;
  bool operator==(const PaidOrder&) const = default;
};

/// Brings an order and its payment together, whichever comes first.
class JoinPayments final : public bora::Bolt<std::variant<Order, Payment>, PaidOrder> {
 public:
  void execute(const Input& in) override {
    const auto* const order = std::get_if<Order>(&in);
    const std::string& id = order ? order->id : std::get<Payment>(in).order;
    const auto [found, is_first] = waiting_.try_emplace(id);
    Half& half = found->second;
    if (is_first || half.tuple.index() == in.index()) {
      if (!is_first) std::move(half.token).ack();  // a repeat: the newer one waits
      half = {in, hold()};
      return;
    }
    bora::AckToken mine = hold();
    const bora::AckToken* const both[] = {&mine, &half.token};
    const Order& paid = order ? *order : std::get<Order>(half.tuple);
    out.emit({paid.id, paid.amount}, both);  // done for both, or failed for both
    std::move(mine).ack();
    std::move(half.token).ack();
    waiting_.erase(found);
  }

 private:
  struct Half {
    Input tuple;
    bora::AckToken token;  // a half that waits is not acked: a crash brings it again
  };
  std::unordered_map<std::string, Half> waiting_;
};
// [/bolt]

// [test]
TEST_CASE("cookbook: an order and its payment are joined, and both are done with the result") {
  bora::testing::BoltTester t{[] { return JoinPayments{}; }};
  const auto payment = t.feed(Payment{"a"});
  const auto other = t.feed(Order{"b", 7});
  CHECK(payment.pending());
  t.hold_emitted();
  const auto order = t.feed(Order{"a", 5});
  CHECK(t.emitted() == std::vector<PaidOrder>{{"a", 5}});
  CHECK(order.pending());
  t.ack_emitted();
  CHECK(order.acked());
  CHECK(payment.acked());
  CHECK(other.pending());
  const auto repeat = t.feed(Order{"b", 7});
  CHECK(other.acked());
  CHECK(repeat.pending());
}
// [/test]

}  // namespace cookbook_join
