#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "bora/testing/dice.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "support/authentication_world.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "topologies/authentication/bolts.hpp"
#include "topologies/authentication/topology.hpp"

using namespace bora;
using namespace bora::authentication;
using namespace bora::authentication::testing;
using namespace std::chrono_literals;
using bora::testing::BoltTester;
using coldchain::DeviceId;
using coldchain::RegistryView;
using coldchain::State;

namespace {

using DeviceBolt = CredentialBolt<DeviceClaim>;
using GatewayBolt = CredentialBolt<GatewayClaim>;

/// A bolt that checks devices, beside a registry in which device 1 is active.
struct Devices {
  explicit Devices(FakeVerifier::Answers answers = FakeVerifier::Answers::kAtOnce,
                   MemoOptions options = {})
      : verifier(answers), bolt([this, options] {
          return DeviceBolt{check_world(view, verifier), options};
        }) {
    view.apply(device_entry(1));
  }
  bora::testing::Fed feed(std::uint64_t id, std::uint64_t secret) {
    return bolt.feed({++attempts, DeviceId{id}, coldchain::DeviceSecret{secret}, {}});
  }
  [[nodiscard]] std::vector<Finding> findings() const {
    std::vector<Finding> all;
    for (const Verdict& verdict : bolt.emitted())
      all.push_back(verdict.finding);
    return all;
  }
  RegistryView view;
  FakeVerifier verifier;
  Attempt attempts = 0;
  BoltTester<DeviceBolt> bolt;
};

using Findings = std::vector<Finding>;
constexpr auto kWhenAsked = FakeVerifier::Answers::kWhenAsked;

/// The whole topology between topics in memory.
struct Process {
  Process() {
    broker.create_topic("reports", 2);
    for (const char* topic : {"readings", "reports.rejected", "reports.dlq"})
      broker.create_topic(topic, 1);
    for (std::uint64_t id = 1; id <= 10; ++id)
      view.apply(device_entry(id, id == 10 ? State::kInactive : State::kActive));
    for (std::uint64_t id = 1; id <= 3; ++id)
      view.apply(gateway_entry(id));
  }
  void open() {
    auto topology = make_topology(
        options, {.connections = {.source =
                                      [this](std::uint32_t) {
                                        return std::make_unique<test::MemorySource>(
                                            broker, test::MemorySourceOptions{.topic = "reports"});
                                      },
                                  .dead_letters = sink()},
                  .sinks = sink(),
                  .checks = check_world(view, verifier)});
    REQUIRE(topology);
    auto opened = bora::testing::SteppedTopology::open(std::move(*topology), clock);
    REQUIRE(opened);
    running = std::move(*opened);
    running->run();
  }
  std::function<std::unique_ptr<RecordSink>(std::uint32_t)> sink() {
    return [this](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); };
  }
  [[nodiscard]] std::vector<std::string> values(const char* topic) const {
    std::vector<std::string> all;
    for (const auto& stored : broker.records(topic))
      all.push_back(stored.record.value);
    return all;
  }

  bora::testing::ManualClock clock;
  test::MemoryBroker broker;
  RegistryView view;
  FakeVerifier verifier;
  AuthenticationOptions options;
  std::unique_ptr<bora::testing::SteppedTopology> running;
};

std::string reason_of(const std::string& value) {
  const std::string begin = R"({"reason":")";
  REQUIRE(value.substr(0, begin.size()) == begin);
  return value.substr(begin.size(), value.find('"', begin.size()) - begin.size());
}

}  // namespace

TEST_CASE("nothing is taken until the registry was read") {
  RegistryView view;
  BoltTester t{[&] { return ParseBolt{[&]() -> const RegistryView& { return view; }}; },
               &ParseBolt::devices, &ParseBolt::gateways};
  const auto early = t.feed(consumed(record_of(report_of(1, 1))));
  REQUIRE(early.failed());
  CHECK(early.failure().kind == FailureKind::kUnavailable);
  view.set_ready();
  CHECK(t.feed(consumed(record_of(report_of(1, 1)))).acked());
  CHECK(t.emitted(&ParseBolt::devices).size() == 1);
  CHECK(t.emitted(&ParseBolt::gateways).size() == 1);
}

TEST_CASE("what is no report, or comes from the future, is refused for good") {
  RegistryView view;
  view.set_ready();
  BoltTester t{[&] { return ParseBolt{[&]() -> const RegistryView& { return view; }}; },
               &ParseBolt::devices, &ParseBolt::gateways};
  auto report = report_of(1, 1);
  report.time += 5min + 1ms;
  Record broken = record_of(report_of(1, 1));
  broken.value.pop_back();
  const auto skewed = t.feed(consumed(record_of(report)));
  REQUIRE(skewed.failed());
  CHECK(skewed.failure().kind == FailureKind::kPermanent);
  CHECK_THAT(skewed.failure().reason, Catch::StartsWith("clock_skew: "));
  const auto malformed = t.feed(consumed(broken));
  REQUIRE(malformed.failed());
  CHECK(malformed.failure().kind == FailureKind::kPermanent);
  CHECK(t.emitted(&ParseBolt::devices).empty());
}

TEST_CASE("a warm device costs no check, for its time") {
  Devices devices;
  for (int i = 0; i < 100; ++i)
    CHECK(devices.feed(1, device_secret(1)).acked());
  CHECK(devices.verifier.checked == 1);
  CHECK(devices.findings() == Findings(100, Finding::kAccepted));
  devices.bolt.advance(MemoOptions{}.keep);
  CHECK(devices.feed(1, device_secret(1)).acked());
  CHECK(devices.verifier.checked == 2);
}

TEST_CASE("a wrong secret costs one check, however often it is tried") {
  Devices devices;
  for (int i = 0; i < 10; ++i)
    CHECK(devices.feed(1, 5).acked());
  CHECK(devices.verifier.checked == 1);
  CHECK(devices.findings() == Findings(10, Finding::kBadDeviceToken));
}

TEST_CASE("unknown and inactive devices cost no check") {
  Devices devices;
  devices.view.apply(device_entry(2, State::kInactive));
  CHECK(devices.feed(2, device_secret(2)).acked());
  CHECK(devices.feed(3, device_secret(3)).acked());
  CHECK(devices.findings() == Findings{Finding::kInactiveDevice, Finding::kUnknownDevice});
  CHECK(devices.verifier.checked == 0);
}

TEST_CASE("a change of the registry counts from the next report on") {
  Devices devices;
  CHECK(devices.feed(1, device_secret(1)).acked());
  devices.view.apply(device_entry(1, State::kInactive));
  CHECK(devices.feed(1, device_secret(1)).acked());
  auto changed = device_entry(1);
  changed.auth_hash = FakeVerifier::hash_of("77");
  devices.view.apply(changed);
  CHECK(devices.feed(1, device_secret(1)).acked());
  CHECK(devices.feed(1, 77).acked());
  devices.view.apply(DeviceId{1});
  CHECK(devices.feed(1, 77).acked());
  CHECK(devices.findings() == Findings{Finding::kAccepted, Finding::kInactiveDevice,
                                       Finding::kBadDeviceToken, Finding::kAccepted,
                                       Finding::kUnknownDevice});
}

TEST_CASE("equal questions wait for one check, and others go by") {
  Devices devices{kWhenAsked};
  devices.view.apply(device_entry(2));
  const auto first = devices.feed(1, device_secret(1));
  const auto again = devices.feed(1, device_secret(1));
  const auto unknown = devices.feed(9, 1);
  CHECK(first.pending());
  CHECK(again.pending());
  CHECK(unknown.acked());
  CHECK(devices.verifier.trusted() == 1);
  CHECK(devices.verifier.answer_one());
  devices.bolt.run();
  CHECK(first.acked());
  CHECK(again.acked());
  CHECK(devices.findings() ==
        Findings{Finding::kUnknownDevice, Finding::kAccepted, Finding::kAccepted});
}

TEST_CASE("an answer that a change of the registry overtook is asked for again") {
  Devices devices{kWhenAsked};
  const auto fed = devices.feed(1, device_secret(1));
  auto changed = device_entry(1);
  changed.auth_hash = FakeVerifier::hash_of("77");
  devices.view.apply(changed);
  CHECK(devices.verifier.answer_one());
  devices.bolt.run();
  CHECK(fed.pending());
  CHECK(devices.verifier.answer_one());
  devices.bolt.run();
  CHECK(fed.acked());
  CHECK(devices.findings() == Findings{Finding::kBadDeviceToken});
}

TEST_CASE("a flood of wrong secrets is answered within its budget, and known ones pass by it") {
  Devices devices{kWhenAsked};
  devices.view.apply(device_entry(2));
  CHECK(devices.feed(1, device_secret(1)).pending());
  CHECK(devices.verifier.answer_one());
  devices.bolt.run();
  for (std::uint64_t wrong = 0; wrong < 1000; ++wrong)
    static_cast<void>(devices.feed(1, wrong));
  CHECK(devices.verifier.suspects() == MemoOptions{}.suspect_checks);
  CHECK(devices.verifier.trusted() == 0);
  CHECK(devices.feed(1, device_secret(1)).acked());
  devices.bolt.advance(MemoOptions{}.keep);  // known, but to be checked again
  CHECK(devices.feed(1, device_secret(1)).pending());
  CHECK(devices.feed(2, device_secret(2)).pending());
  CHECK(devices.verifier.trusted() == 2);
  CHECK(devices.verifier.answer_one());
  CHECK(devices.verifier.answer_one());
  CHECK(devices.verifier.suspects() == MemoOptions{}.suspect_checks);
  devices.bolt.run();
  CHECK(devices.findings().back() == Finding::kAccepted);
}

TEST_CASE("a drain lets go of who still waits") {
  Devices devices{kWhenAsked};
  const auto fed = devices.feed(1, device_secret(1));
  devices.bolt.drain();
  CHECK(fed.acked());
  CHECK(devices.findings() == Findings{Finding::kLetGo});
  CHECK(devices.verifier.answer_one());
  devices.bolt.run();
  CHECK(devices.findings().size() == 1);
}

TEST_CASE("a token that is no token costs no check") {
  RegistryView view;
  FakeVerifier verifier;
  view.apply(gateway_entry(1));
  BoltTester t{[&] { return GatewayBolt{check_world(view, verifier), MemoOptions{}}; }};
  const auto claim = [](const std::string& token) {
    return GatewayClaim{1, coldchain::GatewayId{1}, coldchain::GatewaySecret{token}};
  };
  const auto token = gateway_token(1);
  for (const std::string& wrong : {std::string(), token.substr(1), token + "0",
                                   "b" + token.substr(1), std::string(1, '\0') + token.substr(1)}) {
    CHECK(t.feed(claim(wrong)).acked());
    CHECK(t.emitted().back().finding == Finding::kBadGatewayToken);
  }
  CHECK(verifier.checked == 0);
  CHECK(t.feed(claim(token)).acked());
  CHECK(t.emitted().back().finding == Finding::kAccepted);
}

TEST_CASE("the join waits for both halves and names the first fault") {
  BoltTester t{[] { return JoinBolt{1min}; }};
  const ConsumedRecord record = consumed(record_of(report_of(1, 1)));
  const auto device = t.feed({1, Finding::kInactiveDevice, DeviceId{1}, record});
  CHECK(device.pending());
  CHECK(t.feed({2, Finding::kAccepted, {}, {}}).pending());
  CHECK(t.feed({1, Finding::kBadGatewayToken, {}, {}}).acked());
  CHECK(device.acked());
  CHECK(t.feed({2, Finding::kAccepted, DeviceId{1}, record}).acked());
  REQUIRE(t.emitted().size() == 2);
  CHECK(t.emitted()[0].finding == Finding::kInactiveDevice);
  CHECK(t.emitted()[0].record.record == record.record);
  CHECK(t.emitted()[1].finding == Finding::kAccepted);
  CHECK(t.emitted()[1].record.record == record.record);
}

TEST_CASE("the join gives back what was let go of, and forgets halves that stay alone") {
  BoltTester t{[] { return JoinBolt{1min}; }};
  const auto half = t.feed({1, Finding::kAccepted, {}, {}});
  CHECK(t.feed({1, Finding::kLetGo, DeviceId{1}, {}}).acked());
  REQUIRE(half.failed());
  CHECK(half.failure().kind == FailureKind::kAbandoned);
  const auto lonely = t.feed({2, Finding::kAccepted, {}, {}});
  t.advance(2min);
  CHECK(lonely.failed());
  CHECK(t.emitted().empty());
}

TEST_CASE("reports are checked in parallel, and join before they are published") {
  const auto topology = make_topology({}, {});
  REQUIRE(topology);
  std::string edges;
  for (const auto& edge : topology->edges())
    edges.append(edge.from).append(" ").append(edge.stream).append(" > ").append(edge.to) += "\n";
  CHECK(edges ==
        "reports default > parse\n"
        "parse devices > devices\n"
        "parse gateways > gateways\n"
        "devices default > join\n"
        "gateways default > join\n"
        "join default > publish\n");
}

TEST_CASE("reports wait for the registry, and none is rejected meanwhile") {
  Process process;
  process.broker.append("reports", record_of(report_of(1, 1)));
  process.open();
  process.running->advance(20s);
  CHECK(process.values("readings").empty());
  CHECK(process.values("reports.rejected").empty());
  process.view.set_ready();
  process.running->advance(60s);
  CHECK(process.values("readings").size() == 1);
  CHECK(process.values("reports.dlq").empty());
}

TEST_CASE("exactly the good reports become readings, each other is rejected for its reason") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    bora::testing::Dice dice{seed};
    Process process;
    process.view.set_ready();
    std::map<std::string, int> expected;
    std::vector<std::string> secrets;
    for (int i = 0; i < 300; ++i) {
      const auto id = dice.between(1, 9);
      const auto gateway = dice.between(1, 3);
      auto report = report_of(id, gateway);
      report.temperature = i;
      std::string fate = "accepted";
      switch (dice.below(8)) {
        case 0:
          report.device_id = DeviceId{99};
          fate = "unknown_device";
          break;
        case 1:
          report.device_secret = coldchain::DeviceSecret{dice.between(1, 3)};
          fate = "bad_device_token";
          break;
        case 2:
          report.device_id = DeviceId{10};
          fate = "inactive_device";
          break;
        case 3:
          report.gateway_id = coldchain::GatewayId{99};
          fate = "unknown_gateway";
          break;
        case 4:
          report.gateway_secret = coldchain::GatewaySecret{gateway_token(gateway + 50)};
          fate = "bad_gateway_token";
          break;
        case 5:
          report.time += 1h;
          fate = "dead";
          break;
        default: break;
      }
      ++expected[fate];
      process.broker.append("reports", record_of(report));
    }
    process.open();
    process.running->advance(5s);
    std::map<std::string, int> seen;
    for (const std::string& value : process.values("readings")) {
      CHECK(coldchain::parse_reading(value));
      CHECK(value.find("token") + value.find("auth") == 2 * std::string::npos);
      ++seen["accepted"];
    }
    for (const std::string& value : process.values("reports.rejected")) {
      CHECK(value.find("BBBBBB") == std::string::npos);
      CHECK(value.find("\"auth\"") == std::string::npos);
      ++seen[reason_of(value)];
    }
    seen["dead"] = static_cast<int>(process.values("reports.dlq").size());
    CHECK(seen == expected);
    CHECK(process.broker.committed("group", "reports", 0) +
              process.broker.committed("group", "reports", 1) ==
          300);
  }
}
