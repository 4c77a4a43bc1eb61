#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/spout.hpp"
#include "engine/ack/ledger.hpp"

using namespace bora;
using namespace bora::internal;

namespace {

struct Notified final : TreeOwner {
  void notify() noexcept override { ++times; }
  int times = 0;
};

/// A ledger with two owners of four trees each, and what it tells them.
struct Books {
  Books() : ledger(2, 4) {
    for (std::uint32_t owner = 0; owner < 2; ++owner) {
      roots[owner].reset(ledger.base(owner), 4);
      ledger.set_owner(owner, notified[owner], roots[owner]);
    }
    ledger.set_names([](std::uint32_t task) {
      return Failure{{}, FailureKind::kError, "task" + std::to_string(task), task, {}};
    });
  }
  TreeRef open(std::uint32_t owner, std::uint64_t offset) {
    return roots[owner].open({.offset = offset}, 1);
  }
  void raise(TreeRef ref) { ledger.counts()[ref].fetch_add(1); }
  std::vector<TreeRef> completed(std::uint32_t owner) {
    std::vector<TreeRef> done;
    ledger.take_arrivals(owner, failed, done);
    return done;
  }

  Ledger ledger;
  RootTable roots[2];
  Notified notified[2];
  std::vector<Ledger::FailedTree> failed;
};

Failure because(const std::string& reason) { return {{}, FailureKind::kError, "bolt", 0, reason}; }

}  // namespace

TEST_CASE("a tree completes with the last of its counts, and its owner is told") {
  Books b;
  const TreeRef tree = b.open(1, 7);
  b.raise(tree);
  b.raise(tree);
  b.ledger.release_foreign(tree);
  b.ledger.release_foreign(tree);
  CHECK_FALSE(b.ledger.has_arrivals(1));
  b.ledger.release_foreign(tree);
  CHECK(b.ledger.has_arrivals(1));
  CHECK_FALSE(b.ledger.has_arrivals(0));
  CHECK(b.notified[1].times == 1);
  CHECK(b.completed(1) == std::vector<TreeRef>{tree});
  CHECK_FALSE(b.ledger.has_arrivals(1));
  CHECK(b.completed(1).empty());
}

TEST_CASE("references of different owners never meet, and none is the untracked one") {
  Books b;
  std::vector<TreeRef> all;
  for (std::uint32_t owner = 0; owner < 2; ++owner) {
    for (int i = 0; i < 4; ++i) {
      all.push_back(b.open(owner, 0));
      CHECK((all.back() >> b.ledger.owner_shift()) == owner);
    }
  }
  std::sort(all.begin(), all.end());
  CHECK(std::unique(all.begin(), all.end()) == all.end());
  CHECK(all.front() != kUntracked);
}

TEST_CASE("a failed tree keeps its first reason and the id of its message") {
  Books b;
  const TreeRef tree = b.open(0, 42);
  b.raise(tree);
  CHECK(b.ledger.fail(tree, because("first")).offset == 42);
  CHECK(b.ledger.fail(tree, because("second")).offset == 42);
  CHECK_FALSE(b.ledger.release_count(tree));
  CHECK(b.ledger.release_count(tree));
  (void)b.completed(0);
  REQUIRE(b.failed.size() == 1);
  CHECK(b.failed[0].ref == tree);
  CHECK(b.failed[0].failure.reason == "first");
  CHECK(b.failed[0].failure.id.offset == 42);
}

TEST_CASE("a joint gives back every tree once, when its own last count goes") {
  Books b;
  const TreeRef one = b.open(0, 1);
  const TreeRef two = b.open(1, 2);
  const TreeRef joint = b.ledger.make_joint({one, two});
  CHECK((joint & kJointBit) != 0);
  b.ledger.raise_joint(joint);
  b.ledger.release_foreign(joint);
  CHECK(b.completed(0).empty());
  b.ledger.release_foreign(joint);
  CHECK(b.completed(0) == std::vector<TreeRef>{one});
  CHECK(b.completed(1) == std::vector<TreeRef>{two});
}

TEST_CASE("a joint of joints stands for all their trees, in failing and in completing") {
  Books b;
  const TreeRef one = b.open(0, 1);
  const TreeRef two = b.open(0, 2);
  const TreeRef three = b.open(1, 3);
  const TreeRef inner = b.ledger.make_joint({one, two});
  const TreeRef outer = b.ledger.make_joint({inner, three});
  auto trees = b.ledger.trees_of(outer);
  std::sort(trees.begin(), trees.end());
  CHECK(trees == std::vector<TreeRef>{one, two, three});
  b.ledger.fail(outer, because("all of it"));
  b.ledger.release_foreign(outer);
  CHECK(b.completed(0).size() == 2);
  CHECK(b.completed(1) == std::vector<TreeRef>{three});
  CHECK(b.failed.size() == 3);
}

TEST_CASE("a tree that stands in a joint twice needs both counts") {
  Books b;
  const TreeRef tree = b.open(0, 1);
  b.raise(tree);
  b.ledger.release_foreign(b.ledger.make_joint({tree, tree}));
  CHECK(b.completed(0) == std::vector<TreeRef>{tree});
}

TEST_CASE("a joint's place is used again only after it was let go of") {
  Books b;
  const TreeRef first = b.ledger.make_joint({b.open(0, 1), b.open(0, 2)});
  const TreeRef second = b.ledger.make_joint({b.open(1, 1), b.open(1, 2)});
  CHECK(first != second);
  b.ledger.release_foreign(first);
  CHECK(b.ledger.make_joint({b.open(0, 3)}) == first);
  CHECK(b.ledger.trees_of(second).size() == 2);
}

TEST_CASE("a foreign failure is named after the task that held the token") {
  Books b;
  const TreeRef tree = b.open(0, 9);
  b.ledger.fail_foreign(tree, FailureKind::kUnavailable, "server gone", 3);
  CHECK(b.completed(0) == std::vector<TreeRef>{tree});
  REQUIRE(b.failed.size() == 1);
  CHECK(b.failed[0].failure.kind == FailureKind::kUnavailable);
  CHECK(b.failed[0].failure.component == "task3");
  CHECK(b.failed[0].failure.reason == "server gone");
  CHECK(b.failed[0].failure.id.offset == 9);
}

TEST_CASE("after close() tokens touch nothing") {
  Books b;
  const TreeRef tree = b.open(0, 1);
  const TreeRef joint = b.ledger.make_joint({b.open(1, 1)});
  b.ledger.close();
  b.ledger.release_foreign(tree);
  b.ledger.release_foreign(joint);
  b.ledger.fail_foreign(tree, FailureKind::kError, "late", 0);
  CHECK_FALSE(b.ledger.has_arrivals(0));
  CHECK_FALSE(b.ledger.has_arrivals(1));
  CHECK(b.notified[0].times + b.notified[1].times == 0);
}

TEST_CASE("who holds a tree is known, for every tree of a joint, until it is cleared") {
  Books b;
  const TreeRef one = b.open(0, 1);
  const TreeRef two = b.open(1, 1);
  const TreeRef three = b.open(1, 2);
  b.ledger.set_holder(one, 5, 0);
  b.ledger.set_holder(b.ledger.make_joint({two, three}), 6, Ledger::kPatient);
  CHECK(b.ledger.holder(one) == 6);
  CHECK(b.ledger.holder(two) == (7 | Ledger::kPatient));
  CHECK(b.ledger.holder(three) == (7 | Ledger::kPatient));
  b.ledger.clear_holder(one);
  CHECK(b.ledger.holder(one) == 0);
}
