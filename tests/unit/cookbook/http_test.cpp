// The example of docs/cookbook/http.md.

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bolts/notifier/file_notifier.hpp"
#include "bolts/notifier/notifier_bolt.hpp"
#include "bolts/notifier/webhook.hpp"
#include "bora/testing/bolt_tester.hpp"
#include "support/temporary_directory.hpp"

namespace cookbook_http {

// [bolt]
struct Shipment {
  std::string id;
  std::string address;
  bool operator==(const Shipment&) const = default;
};
using TellCarrier = bora::notify::NotifierBolt<Shipment>;

/// POSTs each shipment to the carrier, eight at a time. A shipment goes on when the carrier took it.
TellCarrier tell_carrier(bora::notify::NotifierConnection connect) {
  return TellCarrier{std::move(connect), [](const Shipment& shipment) {
                       return bora::notify::Notification{
                           .key = "shipment-" + shipment.id,  // sent as Idempotency-Key
                           .body = R"({"to":")" + shipment.address + R"("})"};
                     }};
}

bora::notify::NotifierConnection carrier(std::uint16_t port) {
  return [port](const bora::Clock& clock, std::uint32_t) {
    return std::make_unique<bora::notify::WebhookNotifier>(
        bora::notify::WebhookOptions{
            .server = {.host = "127.0.0.1", .port = port}, .target = "/shipments", .in_flight = 8},
        clock);
  };
}
// [/bolt]

// [test]
TEST_CASE(
    "cookbook: what a service has to be told is written to a file where there is no service") {
  const bora::testing::TemporaryDirectory directory;
  const auto file = [&](const bora::Clock& clock, std::uint32_t) {
    return std::make_unique<bora::notify::FileNotifier>(
        bora::notify::FileNotifierOptions{.path = directory.path() / "told.jsonl"}, clock);
  };
  bora::testing::BoltTester t{[&] { return tell_carrier(file); }};
  CHECK(t.feed({"17", "Coimbra"}).acked());
  CHECK(t.emitted() == std::vector<Shipment>{{"17", "Coimbra"}});
}

TEST_CASE("cookbook: a service that is down makes the source wait") {
  bora::testing::BoltTester t{[] { return tell_carrier(carrier(1)); }};
  const auto fed = t.feed({"17", "Coimbra"});
  while (fed.pending())
    t.run();
  CHECK(fed.failure().kind == bora::FailureKind::kUnavailable);
}
// [/test]

}  // namespace cookbook_http
