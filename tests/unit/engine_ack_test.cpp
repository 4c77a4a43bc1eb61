#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/internal/execute_under.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;

namespace {

using Offsets = std::vector<std::uint64_t>;
using Work = LambdaBolt<int, int>;

/// source -> work -> sink, where the test says what work does, and the sink, which keeps a token of
/// every tuple until told otherwise, what becomes of them.
struct Books {
  explicit Books(Work::Execute execute, EngineOptions options = {})
      : topology(build(std::move(execute)), std::move(options)) {}

  Result<Topology> build(Work::Execute execute) {
    TopologyBuilder builder{"books"};
    auto source = builder.spout("source", feeding(feed));
    auto work = builder.bolt("work", doing<int, int>(std::move(execute))).shuffle(source);
    builder
        .bolt("sink", doing<int>([this](auto& bolt, const int& in) {
                got.push_back(in);
                if (holds) held.push_back(bolt.hold());
              }))
        .shuffle(work);
    return builder.build();
  }
  void feed_and_run(std::vector<int> tuples) {
    feed->add(std::move(tuples));
    topology.run();
  }
  void ack_held(std::size_t i) {
    std::move(held.at(i)).ack();
    topology.run();
  }

  FeedPtr<int> feed = feed_of<int>();
  std::vector<int> got;
  std::vector<AckToken> held;  // destroyed after the topology: tokens may outlive it
  bool holds = true;
  SteppedTopology topology;
};

}  // namespace

TEST_CASE("a tuple that emits nothing is acked when its execute returns") {
  Books b{[](Work&, const int&) {}};
  b.feed_and_run({1, 2, 3});
  CHECK(b.feed->acked_sorted() == Offsets{0, 1, 2});
  CHECK(b.feed->failed.empty());
}

TEST_CASE("a message is acked when every tuple of its tree is, and not before") {
  Books b{[](Work& work, const int& in) {
    for (int i = 0; i < 3; ++i)
      work.out.emit(in + i);
  }};
  b.feed_and_run({10});
  CHECK(b.got == std::vector<int>{10, 11, 12});
  b.ack_held(1);
  b.ack_held(0);
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(2);
  CHECK(b.feed->acked == Offsets{0});
}

TEST_CASE("a throw after emits fails the message once, after the emitted tuples are done") {
  Books b{[](Work& work, const int& in) {
    work.out.emit(in);
    work.out.emit(in);
    throw std::runtime_error("half done");
  }};
  b.feed_and_run({1});
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(0);
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(1);
  CHECK(b.feed->acked.empty());
  REQUIRE(b.feed->failed.size() == 1);
  CHECK(b.feed->failed[0].reason == "half done");
  CHECK(b.feed->failed[0].component == "work");
  CHECK(b.feed->failed[0].kind == FailureKind::kError);
}

TEST_CASE("one failed child fails the message with the first reason, when all are done") {
  Books b{[](Work& work, const int& in) {
    work.out.emit(in);
    work.out.emit(in + 1);
    work.out.emit(in + 2);
  }};
  b.feed_and_run({1});
  std::move(b.held[1]).fail(FailureKind::kUnavailable, "no server");
  std::move(b.held[0]).fail(FailureKind::kError, "too late to be the reason");
  b.topology.run();
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(2);
  REQUIRE(b.feed->failed.size() == 1);
  CHECK(b.feed->failed[0].kind == FailureKind::kUnavailable);
  CHECK(b.feed->failed[0].reason == "no server");
  CHECK(b.feed->failed[0].component == "sink");
}

TEST_CASE("what a bolt throws says what kind of failure it is") {
  Books b{[](Work&, const int& in) {
    if (in == 0) throw Permanent("never");
    if (in == 1) throw Unavailable("later");
    if (in == 2) throw std::logic_error("bug");
    throw 3;
  }};
  b.feed_and_run({0, 1, 2, 3});
  REQUIRE(b.feed->failed.size() == 4);
  CHECK(b.feed->failed[0].kind == FailureKind::kPermanent);
  CHECK(b.feed->failed[1].kind == FailureKind::kUnavailable);
  CHECK(b.feed->failed[2].kind == FailureKind::kError);
  CHECK(b.feed->failed[3].kind == FailureKind::kError);
  CHECK(b.feed->failed[3].reason == "an exception that is no std::exception");
}

TEST_CASE("a dropped token fails its message, and says that nobody decided") {
  Books b{[](Work& work, const int& in) { work.out.emit(in); }};
  b.feed_and_run({1});
  b.held.clear();
  b.topology.run();
  REQUIRE(b.feed->failed.size() == 1);
  CHECK(b.feed->failed[0].kind == FailureKind::kDropped);
}

TEST_CASE("a token assigned over fails what it held, and a moved-from one nothing") {
  Books b{[](Work& work, const int& in) { work.out.emit(in); }};
  b.feed_and_run({1, 2});
  AckToken kept = std::move(b.held[0]);
  kept = std::move(b.held[1]);
  b.topology.run();
  REQUIRE(b.feed->failed.size() == 1);
  CHECK(b.feed->failed[0].id.offset == 0);
  CHECK(kept.is_tracking());
  std::move(kept).ack();
  CHECK_FALSE(kept.is_tracking());  // NOLINT: consumed tokens may be asked
  b.topology.run();
  CHECK(b.feed->acked == Offsets{1});
}

TEST_CASE("a token that is acked inside its own execute does not complete what is emitted later") {
  Books b{[](Work& work, const int& in) {
    work.hold().ack();
    work.out.emit(in);
    work.hold().ack();
  }};
  b.feed_and_run({1});
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(0);
  CHECK(b.feed->acked == Offsets{0});
}

TEST_CASE("take() hands the tuple's own duty over") {
  std::vector<AckToken> taken;
  Books b{[&](Work& work, const int&) { taken.push_back(work.take()); }};
  b.feed_and_run({1, 2});
  CHECK(b.feed->verdicts() == 0);
  std::move(taken[1]).ack();
  b.topology.run();
  CHECK(b.feed->acked == Offsets{1});
  taken.clear();
  b.topology.run();
  REQUIRE(b.feed->failed.size() == 1);
  CHECK(b.feed->failed[0].id.offset == 0);
}

TEST_CASE("take() after an emit leaves both duties standing") {
  std::vector<AckToken> taken;
  Books b{[&](Work& work, const int& in) {
    work.out.emit(in);
    taken.push_back(work.take());
  }};
  b.feed_and_run({1});
  std::move(taken[0]).ack();
  b.topology.run();
  CHECK(b.feed->verdicts() == 0);
  b.ack_held(0);
  CHECK(b.feed->acked == Offsets{0});
}

TEST_CASE("an emit under a token holds up the token's message, not the one being executed") {
  std::vector<AckToken> kept;
  Books b{[&](Work& work, const int& in) {
    if (in == 0) return kept.push_back(work.hold());
    work.out.emit(in, kept[0]);
    std::move(kept[0]).ack();
  }};
  b.feed_and_run({0, 1});
  CHECK(b.feed->acked == Offsets{1});
  b.ack_held(0);
  CHECK(b.feed->acked == Offsets{1, 0});
}

TEST_CASE("an emit under several tokens holds up every one of their messages") {
  std::vector<AckToken> kept;
  Books b{[&](Work& work, const int& in) {
    kept.push_back(work.hold());
    if (in < 2) return;
    const std::array<const AckToken*, 3> anchors{&kept[0], &kept[1], &kept[2]};
    work.out.emit(100, anchors);
    for (AckToken& token : kept)
      std::move(token).ack();
  }};
  b.feed_and_run({0, 1, 2});
  CHECK(b.feed->verdicts() == 0);
  std::move(b.held[0]).fail(FailureKind::kError, "the sum is bad");
  b.topology.run();
  CHECK(b.feed->acked.empty());
  CHECK(b.feed->failed.size() == 3);
}

TEST_CASE("an emit under tokens that track nothing is unanchored") {
  Books b{[](Work& work, const int& in) {
    const AckToken nothing;
    const std::array<const AckToken*, 2> anchors{&nothing, &nothing};
    work.out.emit(in, anchors);
    work.out.emit(in, nothing);
  }};
  b.feed_and_run({1});
  CHECK(b.got.size() == 2);
  CHECK(b.feed->acked == Offsets{0});
  CHECK_FALSE(b.held[0].is_tracking());
}

TEST_CASE("a joined token stands for all, also when it is joined again") {
  std::vector<AckToken> kept;
  Books b{[&](Work& work, const int&) { kept.push_back(work.hold()); }};
  b.feed_and_run({0, 1, 2, 3});
  std::vector<AckToken> pair;
  pair.push_back(std::move(kept[0]));
  pair.push_back(std::move(kept[1]));
  std::vector<AckToken> all;
  all.push_back(AckToken::join(std::move(pair)));
  all.push_back(std::move(kept[2]));
  AckToken joined = AckToken::join(std::move(all));
  b.topology.run();
  CHECK(b.feed->verdicts() == 0);
  std::move(joined).ack();
  b.topology.run();
  CHECK(b.feed->acked_sorted() == Offsets{0, 1, 2});
  CHECK(AckToken::join({}).is_tracking() == false);
}

TEST_CASE("an unanchored emit holds up nothing") {
  Books b{[](Work& work, const int& in) { work.out.emit_unanchored(in); }};
  b.feed_and_run({5});
  CHECK(b.got == std::vector<int>{5});
  CHECK(b.feed->acked == Offsets{0});
  CHECK_FALSE(b.held[0].is_tracking());
}

TEST_CASE("an untracked tuple is executed, and nobody hears of it") {
  Books b{[](Work& work, const int& in) {
    work.out.emit(in);
    if (in == 2) throw std::runtime_error("unheard");
  }};
  b.feed->untracked = true;
  b.feed_and_run({1, 2});
  CHECK(b.got == std::vector<int>{1, 2});
  CHECK(b.feed->verdicts() == 0);
  CHECK(b.topology.metrics("source").opened == 0);
  CHECK(b.topology.errors("work")[0].text == "unheard (an untracked tuple)");
}

TEST_CASE("a fan-out larger than a block, and than its lane, completes once") {
  Books b{[](Work& work, const int&) {
            for (int i = 0; i < 100; ++i)
              work.out.emit(i);
          },
          {.block_tuples = 4, .blocks_per_lane = 2}};
  b.holds = false;
  b.feed_and_run({1, 2, 3});
  CHECK(b.got.size() == 300);
  CHECK(b.feed->acked_sorted() == Offsets{0, 1, 2});
  CHECK(b.topology.metrics("source").in_flight == 0);
}

TEST_CASE("children that finish while their parent still executes do not complete the message") {
  SteppedTopology* running = nullptr;
  std::size_t meanwhile = 99;
  FeedPtr<int> feed;
  Books b{[&](Work& work, const int& in) {
            work.out.emit(in);
            work.out.emit(in);  // the first block leaves with this one
            for (int i = 0; i < 5; ++i) {
              running->step("sink");
              running->step("source");
            }
            meanwhile = feed->verdicts();
            work.out.emit(in);
          },
          {.block_tuples = 1}};
  b.holds = false;
  feed = b.feed;
  running = &b.topology;
  b.feed_and_run({1});
  CHECK(meanwhile == 0);
  CHECK(b.got.size() == 3);
  CHECK(b.feed->acked == Offsets{0});
}

TEST_CASE("a child that is done before its sibling is even made does not complete the message") {
  // Making the sibling is a moment between two threads: the block of the first has left by then.
  struct Slow {
    Slow() = default;
    Slow(const Slow& other) : on_copy(other.on_copy) { (*on_copy)(); }
    Slow& operator=(const Slow&) = default;
    std::shared_ptr<std::function<void()>> on_copy = std::make_shared<std::function<void()>>([] {});
  };
  auto feed = feed_of<int>({1});
  std::size_t meanwhile = 99;
  int arrived = 0;
  Slow slow;
  TopologyBuilder builder{"sibling"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, Slow>([&](auto& bolt, const int&) {
                             for (int i = 0; i < 3; ++i)
                               bolt.out.emit(slow);
                             meanwhile = feed->verdicts();
                           }));
  work.shuffle(source);
  builder.bolt("sink", doing<Slow>([&](auto&, const Slow&) { ++arrived; })).shuffle(work);
  SteppedTopology topology{builder.build(), {.block_tuples = 1}};
  *slow.on_copy = [&] {
    for (int i = 0; i < 3; ++i) {
      topology.step("sink");
      topology.step("source");
    }
  };
  topology.run();
  CHECK(arrived == 3);
  CHECK(meanwhile == 0);
  CHECK(feed->acked == Offsets{0});
  CHECK(topology.metrics("source").in_flight == 0);
}

TEST_CASE(
    "a local bolt works in its caller's tuple: its emits, tokens and throws are the message's") {
  auto feed = feed_of<int>();
  auto got = collected<int>();
  AckToken kept;
  TopologyBuilder builder{"local"};
  auto source = builder.spout("source", feeding(feed));
  auto first = builder.bolt("first", doing<int, int>([](auto& bolt, const int& in) {
                              bolt.out.emit(in);
                              bolt.out.emit(in + 1);
                            }));
  first.shuffle(source);
  auto second = builder.bolt("second", doing<int, int>([&](auto& bolt, const int& in) {
                               if (in == 11) throw std::runtime_error("eleven");
                               if (in == 20) kept = bolt.take();
                               bolt.out.emit(in);
                             }));
  second.local(first);
  builder.bolt("sink", collecting(got)).shuffle(second);
  SteppedTopology topology{builder.build()};
  CHECK(topology.runtime().executors().size() == 3);
  feed->add({10, 20});
  topology.run();
  CHECK((*got)[0] == std::vector<int>{10, 20, 21});
  REQUIRE(feed->failed.size() == 1);
  CHECK(feed->failed[0].id.offset == 0);
  CHECK(feed->failed[0].component == "second");
  CHECK(feed->acked.empty());
  std::move(kept).ack();
  topology.run();
  CHECK(feed->acked == Offsets{1});
  CHECK(topology.metrics("second").executed == 4);
}

TEST_CASE("a bolt local to a spout may take the tuple over") {
  auto feed = feed_of<int>({1, 2});
  std::vector<AckToken> taken;
  TopologyBuilder builder{"local"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("keeper", doing<int>([&](auto& bolt, const int&) { taken.push_back(bolt.take()); }))
      .local(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(feed->verdicts() == 0);
  std::move(taken[0]).ack();
  taken.clear();
  topology.run();
  CHECK(feed->acked == Offsets{0});
  REQUIRE(feed->failed.size() == 1);
  CHECK(feed->failed[0].component == "keeper");
}

TEST_CASE("a grouping that throws under a token fails the tuple being executed, and only that") {
  auto feed = feed_of<int>({0, 1, 2});
  std::vector<AckToken> kept;
  TopologyBuilder builder{"throwing grouping"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, int>([&](auto& bolt, const int& in) {
                             if (in == 0) return kept.push_back(bolt.hold());
                             if (in == 1) bolt.out.emit(in, kept[0]);
                           }));
  work.shuffle(source);
  builder.bolt("sink", doing<int>([](auto&, const int&) {}), {.tasks = 2})
      .custom(work, [](const int&, TaskChoice&) { throw std::runtime_error("no choice"); });
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(feed->acked == Offsets{2});
  REQUIRE(feed->failed.size() == 1);
  CHECK(feed->failed[0].id.offset == 1);
  CHECK(feed->failed[0].reason == "no choice");
  std::move(kept[0]).ack();
  topology.run();
  CHECK(feed->acked_sorted() == Offsets{0, 2});
}

TEST_CASE("a message that its spout cannot hand on, as the grouping throws, fails") {
  auto feed = feed_of<int>({0, 1, 2});
  auto got = collected<int>();
  TopologyBuilder builder{"throwing grouping"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("sink", collecting(got), {.tasks = 2}).fields(source, [](const int& in) {
    if (in == 1) throw std::runtime_error("no key");
    return in;
  });
  SteppedTopology topology{builder.build()};
  topology.advance(std::chrono::seconds{2});
  CHECK(feed->acked_sorted() == Offsets{0, 2});
  REQUIRE(feed->failed.size() == 1);
  CHECK(feed->failed[0].id.offset == 1);
  CHECK(feed->failed[0].reason == "no key");
  CHECK(feed->failed[0].component == "source");
  CHECK(topology.metrics("source").in_flight == 0);
}

TEST_CASE("tokens that outlive the topology do nothing") {
  std::vector<AckToken> kept;
  auto feed = feed_of<int>({1, 2, 3});
  {
    TopologyBuilder builder{"short"};
    auto source = builder.spout("source", feeding(feed));
    builder.bolt("work", doing<int>([&](auto& bolt, const int&) { kept.push_back(bolt.hold()); }))
        .shuffle(source);
    SteppedTopology topology{builder.build()};
    topology.run();
    topology.close();
  }
  std::move(kept[0]).ack();
  std::move(kept[1]).fail(FailureKind::kError, "late");
  kept.clear();
  CHECK(feed->verdicts() == 0);
}

TEST_CASE("what a function emits under a token, and throws, concerns the token's message alone") {
  std::vector<AckToken> kept;
  std::string caught;
  Books b{[&](Work& work, const int& in) {
    if (in == 0) return kept.push_back(work.hold());
    work.out.emit(in);
    try {
      internal::execute_under(kept[0], [&] {
        work.out.emit(100);
        throw std::runtime_error("inside");
      });
    } catch (const std::runtime_error& e) {
      caught = e.what();
    }
    work.out.emit(in + 1);
  }};
  b.feed_and_run({0, 1});
  CHECK(caught == "inside");
  CHECK(b.got == std::vector<int>{1, 100, 2});
  b.ack_held(0);
  b.ack_held(2);
  CHECK(b.feed->acked == Offsets{1});
  std::move(kept[0]).ack();
  b.topology.run();
  CHECK(b.feed->acked == Offsets{1});
  b.ack_held(1);
  CHECK(b.feed->acked == Offsets{1, 0});
}
