#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"
#include "support/tracked.hpp"

using namespace bora;
using namespace bora::test;

namespace {

using Middle = LambdaInPlaceBolt<Tracked>;

/// Spouts -> a bolt that may pass on in place -> a sink, with tuples that know their lives.
struct Chain {
  explicit Chain(Middle::Execute execute, std::size_t spouts = 1) : run(std::move(execute)) {
    Tracked::forget();
    for (std::size_t i = 0; i < spouts; ++i)
      feeds.push_back(feed_of<Tracked>());
  }
  Result<Topology> build() {
    TopologyBuilder builder{"chain"};
    std::vector<SpoutHandle<FeedSpout<Tracked>>> sources;
    for (std::size_t i = 0; i < feeds.size(); ++i)
      sources.push_back(builder.spout("source" + std::to_string(i), feeding(feeds[i])));
    auto middle = builder.bolt("middle", changing<Tracked>(run));
    for (const auto& source : sources)
      middle.shuffle(source);
    builder
        .bolt("sink", doing<Tracked>([this](auto&, const Tracked& in) { got.push_back(in.value); }))
        .shuffle(middle);
    return builder.build();
  }
  void add(std::int64_t from, std::int64_t to, std::size_t spout = 0) {
    for (; from < to; ++from)
      feeds[spout]->add(Tracked{from});
  }

  Middle::Execute run;
  std::vector<FeedPtr<Tracked>> feeds;
  std::vector<std::int64_t> got;
};

std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (; from < to; ++from)
    all.push_back(from);
  return all;
}

const EngineOptions kSmall{.block_tuples = 4, .blocks_per_lane = 2};

void pass_on(Middle& bolt, Tracked& in) { bolt.out.emit(std::move(in)); }

}  // namespace

TEST_CASE("tuples that are passed on in place arrive once, in order, and are destroyed once") {
  Chain chain{pass_on};
  chain.add(0, 300);
  {
    SteppedTopology topology{chain.build(), kSmall};
    topology.run();
    CHECK(chain.got == numbers(0, 300));
    CHECK(chain.feeds[0]->acked_sorted().size() == 300);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("on one thread, too, a tuple that is passed on in place stays where it is in memory") {
  std::vector<const Tracked*> seen;
  std::vector<const Tracked*> got;
  auto feed = feed_of<Tracked>();
  for (std::int64_t i = 0; i < 100; ++i)
    feed->add(Tracked{i});
  TopologyBuilder builder{"local"};
  auto source = builder.spout("source", feeding(feed));
  auto middle = builder
                    .bolt("middle", changing<Tracked>([&](Middle& bolt, Tracked& in) {
                            seen.push_back(&in);
                            pass_on(bolt, in);
                          }))
                    .local(source);
  builder.bolt("sink", doing<Tracked>([&](auto&, const Tracked& in) { got.push_back(&in); }))
      .local(middle);
  SteppedTopology topology{builder.build(), {.block_tuples = 64}};
  topology.run();
  CHECK(topology.runtime().executors().size() == 1);
  CHECK(seen.size() == 100);
  CHECK(got == seen);
  CHECK(feed->acked_sorted().size() == 100);
}

TEST_CASE("a filter in place closes the gaps, and acks what it filters out") {
  Chain chain{[](Middle& bolt, Tracked& in) {
    if (in.value % 3 == 0) bolt.out.emit(std::move(in));
  }};
  chain.add(0, 100);
  {
    SteppedTopology topology{chain.build(), kSmall};
    topology.run();
    CHECK(chain.got.size() == 34);
    CHECK(chain.got.back() == 99);
    CHECK(chain.feeds[0]->acked.size() == 100);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("tuples passed on in place from two inputs in turn are all handed over") {
  Chain chain{pass_on, 2};
  chain.add(0, 64);
  chain.add(64, 128, 1);
  {
    SteppedTopology topology{chain.build()};
    topology.run();
    CHECK(chain.got.size() == 128);
    CHECK(chain.feeds[0]->acked.size() == 64);
    CHECK(chain.feeds[1]->acked.size() == 64);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a tuple passed on twice in one execute is two tuples and harms no other") {
  Chain chain{[](Middle& bolt, Tracked& in) {
    bolt.out.emit(std::move(in));
    bolt.out.emit(std::move(in));  // NOLINT: moved from, but still a tuple
  }};
  chain.add(0, 20);
  {
    SteppedTopology topology{chain.build()};
    topology.run();
    CHECK(chain.got.size() == 40);
    std::vector<std::int64_t> values;
    for (std::int64_t v : chain.got)
      if (v != Tracked::kMovedFrom) values.push_back(v);
    CHECK(values == numbers(0, 20));
    CHECK(chain.feeds[0]->acked.size() == 20);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a bolt that emits copies, then passes on, overflowing its lane, keeps the order") {
  // Tuple 0 overflows the lane with copies before it is passed on; then a copy ends the passing on in
  // the middle of the block, or nothing does.
  const std::int64_t copied = GENERATE(2, 100);
  Chain chain{[copied](Middle& bolt, Tracked& in) {
    const int copies = in.value == 0 ? 15 : 0;
    for (int i = 0; i < copies; ++i)
      bolt.out.emit(std::as_const(in));
    if (in.value == copied) return bolt.out.emit(std::as_const(in));
    bolt.out.emit(std::move(in));
  }};
  chain.add(0, 8);
  {
    SteppedTopology topology{chain.build(), kSmall};
    topology.run();
    std::vector<std::int64_t> expected(15, 0);
    for (std::int64_t v : numbers(0, 8))
      expected.push_back(v);
    CHECK(chain.got == expected);
    CHECK(chain.feeds[0]->acked.size() == 8);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a message is acked only when the tuple passed on after a copy is done, too") {
  Chain chain{[](Middle& bolt, Tracked& in) {
    bolt.out.emit(Tracked{in.value + 100});
    bolt.out.emit(std::move(in));
  }};
  chain.add(0, 1);
  {
    SteppedTopology topology{chain.build()};
    topology.hang("sink");
    topology.run();
    CHECK(chain.feeds[0]->acked.empty());
    topology.wake_up();
    // The copy left in a block of its own: it is executed, and must not complete the message alone.
    topology.run();
    CHECK(chain.got == std::vector<std::int64_t>{100, 0});
    CHECK(chain.feeds[0]->acked == std::vector<std::uint64_t>{0});
    CHECK(topology.metrics("source0").in_flight == 0);
  }
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE(
    "a child that is done while its parent moves to its place does not complete the message") {
  struct Slow {
    explicit Slow(int v) : value(v) {}
    Slow(const Slow&) = default;
    Slow(Slow&& other) noexcept : value(other.value), on_move(other.on_move) {
      if (on_move != nullptr) (*on_move)();
    }
    Slow& operator=(const Slow&) = default;
    int value;
    std::function<void()>* on_move = nullptr;
  };
  std::function<void()> meanwhile;
  std::vector<int> got;
  auto feed = feed_of<Slow>({Slow{0}, Slow{1}});
  TopologyBuilder builder{"moving"};
  auto source = builder.spout("source", feeding(feed));
  auto middle = builder.bolt("middle", changing<Slow>([&](auto& bolt, Slow& in) {
                               if (in.value == 0) return;  // so that the next one moves up
                               const Slow copy{in.value + 100};
                               bolt.out.emit(copy);
                               in.on_move = &meanwhile;
                               bolt.out.emit(std::move(in));
                             }));
  middle.shuffle(source);
  builder.bolt("sink", doing<Slow>([&](auto&, const Slow& in) { got.push_back(in.value); }))
      .shuffle(middle);
  SteppedTopology topology{builder.build()};
  std::size_t acked_meanwhile = 99;
  meanwhile = [&] {
    topology.step("sink");
    topology.step("sink");
    topology.step("source");
    acked_meanwhile = feed->acked.size();
  };
  topology.run();
  CHECK(got == std::vector<int>{101, 1});
  CHECK(acked_meanwhile == 0);
  CHECK(feed->acked.size() == 2);
  CHECK(topology.metrics("source").in_flight == 0);
}

TEST_CASE("a bolt that throws after it passed its tuple on fails the message, once") {
  Chain chain{[](Middle& bolt, Tracked& in) {
    const auto value = in.value;
    bolt.out.emit(std::move(in));
    if (value % 5 == 0) throw std::runtime_error("five");
  }};
  chain.add(0, 50);
  {
    SteppedTopology topology{chain.build()};
    topology.run();
    CHECK(chain.got == numbers(0, 50));
    CHECK(chain.feeds[0]->acked.size() == 40);
    CHECK(chain.feeds[0]->failed.size() == 10);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a bolt that throws before it passes its tuple on loses that tuple alone") {
  Chain chain{[](Middle& bolt, Tracked& in) {
    if (in.value % 5 == 0) throw std::runtime_error("five");
    bolt.out.emit(std::move(in));
  }};
  chain.add(0, 50);
  {
    SteppedTopology topology{chain.build()};
    topology.run();
    CHECK(chain.got.size() == 40);
    CHECK(chain.feeds[0]->acked.size() == 40);
    CHECK(chain.feeds[0]->failed.size() == 10);
  }
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}

TEST_CASE("a slow bolt does not keep what it passed on until its whole block is read") {
  SteppedTopology* running = nullptr;
  Chain chain{[&](Middle& bolt, Tracked& in) {
    running->clock.advance(std::chrono::milliseconds{10});
    bolt.out.emit(std::move(in));
  }};
  chain.add(0, 64);
  SteppedTopology topology{chain.build()};
  running = &topology;
  topology.step("source0");
  topology.step("source0");
  REQUIRE(topology.step("middle"));  // a step: far from a whole block
  topology.step("sink");
  CHECK(chain.got.size() > 0);
  topology.run();
  CHECK(chain.got == numbers(0, 64));
}

TEST_CASE("a topology destroyed in the middle of a block destroys every tuple once") {
  SteppedTopology* running = nullptr;
  Chain chain{[&](Middle& bolt, Tracked& in) {
    running->clock.advance(std::chrono::milliseconds{10});  // short runs
    bolt.out.emit(std::move(in));
  }};
  chain.add(0, 64);
  {
    SteppedTopology topology{chain.build()};
    running = &topology;
    topology.step("source0");
    topology.step("source0");
    topology.hang("sink");
    REQUIRE(topology.step("middle"));
    CHECK(Tracked::alive() >= 64);
  }
  chain.feeds[0]->waiting.clear();
  CHECK(Tracked::alive() == 0);
  CHECK(Tracked::misuses() == 0);
}
