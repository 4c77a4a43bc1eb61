#include <cstdint>
#include <map>
#include <memory>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/internal/plan.hpp"
#include "bora/topology.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;

namespace {

class TwoWays final : public Bolt<int, int> {
 public:
  Output<int> other{this, "other"};
  void execute(const int& in) override {
    out.emit(in);
    other.emit(in);
  }
};

/// Names from a small set, so that they meet; some are of nothing.
std::string any_name() {
  return *rc::gen::element<std::string>("a", "b", "c", "d", "e", "f", "", "nobody");
}

/// Subscribes `bolt` to something, which may not exist, somehow.
void subscribe(BoltHandle<TwoWays>& bolt) {
  const Stream<int> stream{any_name(), *rc::gen::element<std::string>("default", "other", "none")};
  switch (*rc::gen::inRange(0, 7)) {
    case 0: bolt.shuffle(stream); break;
    case 1:
      bolt.fields(
          stream, [](int v) { return v; }, any_name());
      break;
    case 2: bolt.all(stream); break;
    case 3: bolt.global(stream); break;
    case 4: bolt.direct(stream); break;
    case 5: bolt.custom(stream, [](const int&, TaskChoice& choice) { choice.send_to(0); }); break;
    default: bolt.local(stream);
  }
}

}  // namespace

TEST_CASE("any plan either has faults, told without a crash, or runs") {
  std::size_t sound = 0;
  std::size_t faulty = 0;
  CHECK(rc::check([&] {
    TopologyBuilder builder{*rc::gen::element<std::string>("plan", "plan", "plan", "")};
    auto feed = feed_of<int>({1, 2, 3});
    const auto tasks = [] { return *rc::gen::element<std::uint32_t>(1, 1, 1, 1, 2, 2, 0); };
    builder.spout("a", feeding(feed), {.tasks = *rc::gen::element<std::uint32_t>(1, 1, 1, 0)});
    const int bolts = *rc::gen::inRange(0, 6);
    std::vector<BoltHandle<TwoWays>> handles;
    for (int i = 0; i < bolts; ++i) {
      auto bolt = builder.bolt(any_name(), [] { return TwoWays{}; }, {.tasks = tasks()});
      const int subscriptions = *rc::gen::inRange(0, 3);
      for (int s = 0; s < subscriptions; ++s)
        subscribe(bolt);
    }
    auto built = builder.build();
    if (!built) {
      ++faulty;
      RC_ASSERT(built.error().kind == ErrorKind::kInvalid);
      RC_ASSERT(built.error().message.find("\n  - ") != std::string::npos);
      return;
    }
    ++sound;
    SteppedTopology topology{std::move(built)};
    topology.run();
    RC_ASSERT(feed->acked.size() == 3U);
  }));
  INFO(sound << " sound, " << faulty << " faulty");
  CHECK(faulty > 0);
}

TEST_CASE(
    "any acyclic plan of existing streams is sound, sorted by its flow, and acks everything") {
  CHECK(rc::check([] {
    TopologyBuilder builder{"layers"};
    const auto messages = *rc::gen::inRange<int>(1, 30);
    auto feed = feed_of<int>();
    for (int i = 0; i < messages; ++i)
      feed->add(i);
    auto source = builder.spout("source", feeding(feed));
    struct Known {
      Stream<int> stream;
      std::uint32_t tasks;
    };
    std::vector<Known> streams{{internal::as_stream(source), 1}};
    builder.discard(source);
    const int bolts = *rc::gen::inRange(1, 5);
    for (int i = 0; i < bolts; ++i) {
      const Known from = *rc::gen::elementOf(streams);
      const bool is_local = *rc::gen::inRange(0, 3) == 0;
      const auto tasks = is_local ? from.tasks : *rc::gen::inRange<std::uint32_t>(1, 4);
      const std::string name = "bolt" + std::to_string(i);
      auto bolt = builder.bolt(name, [] { return TwoWays{}; }, {.tasks = tasks});
      if (is_local) {
        bolt.local(from.stream);
      } else {
        switch (*rc::gen::inRange(0, 4)) {
          case 0: bolt.shuffle(from.stream); break;
          case 1: bolt.all(from.stream); break;
          case 2: bolt.global(from.stream); break;
          default: bolt.fields(from.stream, [](int v) { return v; });
        }
      }
      streams.push_back({bolt.default_stream(), tasks});
      streams.push_back({bolt[&TwoWays::other], tasks});
      builder.discard(bolt).discard(bolt[&TwoWays::other]);
    }
    auto built = builder.build();
    if (!built) RC_FAIL(built.error().message);
    std::set<std::string> seen;
    std::map<std::string, std::size_t> position;
    for (const Topology::Node& node : built->nodes())
      position.emplace(node.name, position.size());
    for (const Topology::Edge& edge : built->edges())
      RC_ASSERT(position.at(edge.from) < position.at(edge.to));
    SteppedTopology topology{
        std::move(built),
        {.block_tuples = *rc::gen::element<std::uint32_t>(1, 3, 64), .blocks_per_lane = 2}};
    topology.run();
    RC_ASSERT(feed->acked.size() == static_cast<std::size_t>(messages));
    RC_ASSERT(feed->failed.empty());
  }));
}
