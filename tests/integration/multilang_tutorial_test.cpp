// What docs/multilang.md prints.

// [bolt]
#include "bolts/shell_bolt.hpp"

struct Reading {
  std::int64_t device = 0;
  double celsius = 0;
};
struct Jump {
  std::int64_t device = 0;
  double degrees = 0;
  bool operator==(const Jump&) const = default;
};
using JumpsBolt = bora::ShellBolt<Reading, Jump>;

std::unique_ptr<JumpsBolt> jumps(const std::string& directory, double limit) {
  bora::ShellBoltOptions options;
  options.child.process = {.command = {"python3", "jumps.py"}, .directory = directory};
  options.conf = {{"jumps.limit", limit}};
  options.input = {.component = "readings", .fields = {"device", "celsius"}};
  return std::make_unique<JumpsBolt>(
      options,
      // A reading as the child's tuple ...
      [](const Reading& reading) {
        return bora::multilang::Values{reading.device, reading.celsius};
      },
      // ... and the child's tuple as a jump, or what is wrong with it.
      std::vector<std::string>{"device", "degrees"},
      [](const bora::multilang::Values& values) -> bora::Result<Jump> {
        if (values.size() == 2) {
          const auto* device = std::get_if<std::int64_t>(&values[0]);
          const auto* degrees = std::get_if<double>(&values[1]);
          if (device != nullptr && degrees != nullptr) return Jump{*device, *degrees};
        }
        return bora::Error{bora::ErrorKind::kInvalid, "a device and a number are expected"};
      });
}
// [/bolt]

// [test]
#include <thread>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"

TEST_CASE("tutorial: a jump of five degrees is told, one of two is not") {
  bora::testing::BoltTester t{[] { return jumps(BORA_TUTORIAL, 3.0); }};
  const auto fed = t.feed_all({{7, 4.0}, {8, 20.0}, {7, 6.0}, {7, 11.0}});
  while (fed.back().pending()) {  // the child works beside us
    std::this_thread::yield();
    t.run();
  }
  CHECK(fed.back().acked());
  CHECK(t.emitted() == std::vector<Jump>{{7, 5.0}});
}
// [/test]
