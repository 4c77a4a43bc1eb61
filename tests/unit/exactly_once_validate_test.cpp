#include <functional>
#include <string>

#include <catch2/catch.hpp>

#include "bora/topology.hpp"

using namespace bora;
using Catch::Matchers::Contains;

namespace {

class Numbers final : public Spout<int> {
 public:
  Next next_batch(std::size_t) override { return Next::finished(); }
};
class Pass final : public Bolt<int, int> {
 public:
  void execute(const int& in) override { out.emit(in); }
};
class Drop final : public Bolt<int> {
 public:
  void execute(const int&) override {}
};

struct Declared {
  ComponentOptions spout{.effects = Effects::kTransaction};
  ComponentOptions pass{.effects = Effects::kNone};
  ComponentOptions publish{.effects = Effects::kTransaction};
};

TopologyBuilder describe(const Declared& declared) {
  TopologyBuilder builder{"test"};
  auto numbers = builder.spout(
      "numbers", [] { return std::make_unique<Numbers>(); }, declared.spout);
  auto pass = builder.bolt(
      "pass", [] { return std::make_unique<Pass>(); }, declared.pass);
  pass.shuffle(numbers);
  builder
      .bolt(
          "publish", [] { return std::make_unique<Drop>(); }, declared.publish)
      .shuffle(pass);
  return builder;
}

std::string refusal_of(const Declared& declared) {
  TopologyBuilder builder = describe(declared);
  return std::string{builder.exactly_once().build().status().message()};
}

}  // namespace

TEST_CASE("exactly once is promised by a topology whose components all declare their effects") {
  CHECK(refusal_of({}).empty());
}

TEST_CASE("exactly once is refused, naming each component that may do something else") {
  Declared declared;
  declared.pass = {};
  declared.publish = {};
  const std::string refusal = refusal_of(declared);
  CHECK_THAT(refusal, Contains("'pass' does not declare its effects"));
  CHECK_THAT(refusal, Contains("'publish' does not declare its effects"));
  CHECK_THAT(refusal, Contains("set ComponentOptions::effects"));
  CHECK_THAT(refusal, !Contains("'numbers'"));
}

TEST_CASE("exactly once is refused to a spout of several tasks, and to several spouts") {
  Declared declared;
  declared.spout.tasks = 2;
  CHECK_THAT(refusal_of(declared), Contains("'numbers' has 2 tasks"));

  TopologyBuilder builder = describe({});
  auto more = builder.spout("more", [] { return std::make_unique<Numbers>(); },
                            {.effects = Effects::kTransaction});
  builder.discard(more);
  CHECK_THAT(std::string{builder.exactly_once().build().status().message()},
             Contains("has the spouts 'numbers', 'more'"));
}

TEST_CASE("components need not declare anything where exactly once is not promised") {
  Declared declared;
  declared.pass = {};
  TopologyBuilder builder = describe(declared);
  CHECK(builder.build());
}
