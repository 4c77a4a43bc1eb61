#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <rapidcheck.h>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;

namespace {

/// A tuple whose origin is known to the model: the messages that it is anchored to.
struct Item {
  std::uint64_t id = 0;
};
using Ids = std::set<std::uint64_t>;

/// The naive model: which duties stand for each message, and which messages have failed. A duty is a
/// tuple on its way, or a token.
class Model {
 public:
  /// The messages that tuple `id` is anchored to.
  std::map<std::uint64_t, Ids> anchors_of;
  std::map<std::uint64_t, int> duties;  // by message
  Ids failed;
  std::uint64_t next_id = 0;

  std::uint64_t add_tuple(const Ids& anchors) {
    anchors_of[next_id] = anchors;
    raise(anchors);
    return next_id++;
  }
  void raise(const Ids& anchors) {
    for (const std::uint64_t m : anchors)
      ++duties[m];
  }
  void release(const Ids& anchors) {
    for (const std::uint64_t m : anchors)
      --duties[m];
  }
  void fail(const Ids& anchors) { failed.insert(anchors.begin(), anchors.end()); }
};

struct HeldToken {
  AckToken token;
  Ids anchors;
};

/// What the bolts share. Everything random comes from `choices`, so that a failing case shrinks.
struct Play {
  explicit Play(std::vector<std::uint8_t> c) : choices(std::move(c)) {}

  std::uint8_t choose(std::uint8_t below) {
    if (next >= choices.size()) return 0;
    return static_cast<std::uint8_t>(choices[next++] % below);
  }

  std::vector<std::uint8_t> choices;
  std::size_t next = 0;
  Model model;
  std::vector<HeldToken> held;
};

/// A token that is being emitted under: it has to outlive the emit, so nobody may settle it meanwhile,
/// not even a local bolt that executes inside.
class Borrowed {
 public:
  Borrowed(Play& play, std::size_t at) : held(std::move(play.held[at])), play_(play) {
    play.held.erase(play.held.begin() + static_cast<std::ptrdiff_t>(at));
  }
  ~Borrowed() { play_.held.push_back(std::move(held)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  HeldToken held;

 private:
  Play& play_;
};

void settle_one(Play& play) {
  if (play.held.empty()) return;
  const std::size_t i =
      play.choose(static_cast<std::uint8_t>(std::min<std::size_t>(play.held.size(), 255)));
  HeldToken h = std::move(play.held[i]);
  play.held.erase(play.held.begin() + static_cast<std::ptrdiff_t>(i));
  switch (play.choose(6)) {
    case 0:
      std::move(h.token).fail(FailureKind::kError, "failed");
      play.model.fail(h.anchors);
      break;
    case 1:
      h.token = AckToken{};  // dropped
      play.model.fail(h.anchors);
      break;
    default: std::move(h.token).ack();
  }
  play.model.release(h.anchors);
}

template <class Bolt>
void emit(Play& play, Bolt& bolt, const Ids& anchors) {
  bolt.out.emit(Item{play.model.add_tuple(anchors)});
}

/// One random execute() of a bolt, mirrored in the model.
template <class Bolt>
void act(Play& play, Bolt& bolt, const Item& in) {
  const Ids own = play.model.anchors_of.at(in.id);
  const int actions = play.choose(5);
  for (int i = 0; i < actions; ++i) {
    switch (play.choose(8)) {
      case 0:
      case 1: emit(play, bolt, own); break;
      case 2:
        play.held.push_back({bolt.hold(), own});
        play.model.raise(own);
        break;
      case 3: settle_one(play); break;
      case 4: {  // under a token that was kept
        if (play.held.empty()) break;
        const Borrowed b(play, play.held.size() - 1);
        bolt.out.emit(Item{play.model.add_tuple(b.held.anchors)}, b.held.token);
        break;
      }
      case 5: {  // under several; a message that stands in two of them counts once in the end
        if (play.held.size() < 2) break;
        const Borrowed a(play, 0);
        const Borrowed b(play, play.held.size() - 1);
        Ids both = a.held.anchors;
        both.insert(b.held.anchors.begin(), b.held.anchors.end());
        const std::array<const AckToken*, 2> tokens{&a.held.token, &b.held.token};
        bolt.out.emit(Item{play.model.add_tuple(both)}, tokens);
        break;
      }
      case 6: {  // joined for good
        if (play.held.size() < 2) break;
        std::vector<AckToken> pair;
        Ids both = play.held[0].anchors;
        both.insert(play.held.back().anchors.begin(), play.held.back().anchors.end());
        play.model.release(play.held[0].anchors);
        play.model.release(play.held.back().anchors);
        play.model.raise(both);
        pair.push_back(std::move(play.held[0].token));
        pair.push_back(std::move(play.held.back().token));
        play.held.pop_back();
        play.held.erase(play.held.begin());
        play.held.push_back({AckToken::join(std::move(pair)), both});
        break;
      }
      default: bolt.out.emit_unanchored(Item{play.model.add_tuple({})});
    }
  }
  const bool throws = play.choose(8) == 1;
  play.model.release(own);
  if (throws) {
    play.model.fail(own);
    throw std::runtime_error("thrown");
  }
}

/// What was said of every message is what the model expects: a verdict exactly for those without a
/// duty left, and only one.
void agrees(const Feed<Item>& feed, const Model& model) {
  std::map<std::uint64_t, int> acked;
  std::map<std::uint64_t, int> failed;
  for (const std::uint64_t m : feed.acked)
    ++acked[m];
  for (const Failure& f : feed.failed)
    ++failed[f.id.offset];
  for (const auto& [message, duties] : model.duties) {
    RC_ASSERT(duties >= 0);
    const bool done = duties == 0;
    const bool bad = model.failed.count(message) != 0;
    RC_ASSERT(acked[message] == (done && !bad ? 1 : 0));
    RC_ASSERT(failed[message] == (done && bad ? 1 : 0));
  }
}

Result<Topology> build(const FeedPtr<Item>& feed, Play& play, bool is_local) {
  const auto acting = doing<Item, Item>(
      [&play](LambdaBolt<Item, Item>& bolt, const Item& in) { act(play, bolt, in); });
  TopologyBuilder builder{"play"};
  auto source = builder.spout("source", feeding(feed), {.max_in_flight = 64});
  auto first = builder.bolt("first", acting).shuffle(source);
  auto second = builder.bolt("second", acting);
  if (is_local) {
    second.local(first);
  } else {
    second.shuffle(first);
  }
  builder
      .bolt("sink", doing<Item>([&play](LambdaBolt<Item>& bolt, const Item& in) {
              const Ids own = play.model.anchors_of.at(in.id);
              if (play.choose(3) == 1) {
                play.held.push_back({bolt.take(), own});
                return;  // the token is the tuple's own duty now
              }
              play.model.release(own);
            }),
            {.tasks = 2})
      .shuffle(second);
  return builder.build();
}

void play_out(bool is_local) {
  Play play{*rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>())};
  const auto block = *rc::gen::element<std::uint32_t>(1, 2, 5, 64);
  const auto messages = *rc::gen::inRange<std::uint64_t>(1, 12);
  auto feed = feed_of<Item>();
  for (std::uint64_t m = 0; m < messages; ++m)
    feed->add(Item{play.model.add_tuple({m})});
  SteppedTopology topology{build(feed, play, is_local),
                           {.block_tuples = block, .blocks_per_lane = 2}};
  topology.run();
  agrees(*feed, play.model);
  while (!play.held.empty()) {
    settle_one(play);  // on no executor's thread: as a foreign one would
    topology.run();
    agrees(*feed, play.model);
  }
  RC_ASSERT(feed->verdicts() == messages);
  const auto m = topology.metrics("source");
  RC_ASSERT(m.opened == messages);
  RC_ASSERT(m.in_flight == 0U);
  RC_ASSERT(m.acked + m.failed == messages);
  RC_TAG(play.model.failed.empty() ? "all acked" : "some failed");
}

}  // namespace

TEST_CASE(
    "messages complete exactly when the naive model says, whatever bolts do with their tuples") {
  CHECK(rc::check([] { play_out(false); }));
}

TEST_CASE("the same holds when bolts execute inside each other's emits") {
  CHECK(rc::check([] { play_out(true); }));
}
