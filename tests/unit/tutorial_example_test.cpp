#include "docs/examples/warming/warming.hpp"

// [test]
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"

using bora::coldchain::DeviceId;
using bora::coldchain::Reading;
using bora::testing::BoltTester;
using warming::Rise;
using warming::RiseBolt;

namespace {

Reading reading(std::uint64_t device, int minute, double celsius) {
  Reading reading;
  reading.device_id = DeviceId{device};
  reading.temperature = celsius;
  reading.time = bora::WallTime{} + std::chrono::minutes{minute};
  return reading;
}

}  // namespace

TEST_CASE("warming: three degrees within ten minutes are told of once, three in an hour are not") {
  BoltTester t{[] { return RiseBolt{{}}; }};
  t.feed_all({reading(1, 0, 4), reading(1, 30, 5.5), reading(1, 60, 7)});  // slowly
  CHECK(t.emitted().empty());
  t.feed_all({reading(2, 0, 4), reading(2, 5, 5.5), reading(2, 9, 7), reading(2, 10, 7.1)});
  CHECK(t.emitted() == std::vector<Rise>{{DeviceId{2}, 4, 7, reading(2, 9, 7).time}});
}

TEST_CASE("warming: what comes late, or again, makes no rise of a fall") {
  BoltTester t{[] { return RiseBolt{{}}; }};
  t.feed_all({reading(1, 5, 4), reading(1, 0, 8), reading(1, 5, 4), reading(1, 6, 5)});
  CHECK(t.emitted().empty());
}
// [/test]
