// The example of docs/cookbook/fan-out.md.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/testing/bolt_tester.hpp"

namespace cookbook_fan_out {

// [bolt]
struct Payment {
  std::string id;
  int cents = 0;
  bool operator==(const Payment&) const = default;
};

/// Sends each payment where it belongs: a stream for each rule, and one for all of them.
class SortPayments final : public bora::Bolt<Payment> {
 public:
  bora::Output<Payment> large{this, "large"};
  bora::Output<Payment> refunds{this, "refunds"};
  bora::Output<Payment> all{this, "all"};

  void execute(const Payment& in) override {
    all.emit(in);
    if (in.cents < 0) refunds.emit(in);
    if (in.cents > 100'000) large.emit(in);
  }
};
// [/bolt]

// [test]
TEST_CASE(
    "cookbook: each payment goes to the streams whose rule it meets, and is done with all of "
    "them") {
  bora::testing::BoltTester t{[] { return SortPayments{}; }, &SortPayments::large,
                              &SortPayments::refunds, &SortPayments::all};
  t.hold_emitted();
  const auto fed = t.feed_all({{"a", 5}, {"b", -5}, {"c", 200'000}});
  CHECK(t.emitted(&SortPayments::all).size() == 3);
  CHECK(t.emitted(&SortPayments::refunds) == std::vector<Payment>{{"b", -5}});
  CHECK(t.emitted(&SortPayments::large) == std::vector<Payment>{{"c", 200'000}});
  t.ack_emitted(&SortPayments::all, 1);
  CHECK(fed[1].pending());
  t.ack_emitted(&SortPayments::refunds, 0);
  CHECK(fed[1].acked());
}
// [/test]

}  // namespace cookbook_fan_out
