#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

#include "spouts/offset_tracker.hpp"

using bora::CommitRequest;
using bora::OffsetTracker;
using bora::RecordPosition;

namespace {
constexpr std::uint32_t kPartition = 3;
RecordPosition at(std::int64_t offset, std::uint32_t epoch = 1) {
  return {kPartition, offset, epoch};
}
}  // namespace

TEST_CASE("offset tracker: only what is done without a break from the start may be committed") {
  OffsetTracker tracker;
  tracker.assign(kPartition, 1, 10);
  for (std::uint32_t i = 0; i < 4; ++i)
    REQUIRE(tracker.begin(at(10 + i), 100 + i));
  CHECK(tracker.committable(kPartition) == 10);
  CHECK(tracker.finish(at(11)) == 101U);
  CHECK(tracker.finish(at(13)) == 103U);
  CHECK(tracker.committable(kPartition) == 10);
  CHECK(tracker.finish(at(10)) == 100U);
  CHECK(tracker.committable(kPartition) == 12);
  CHECK(tracker.finish(at(12)) == 102U);
  CHECK(tracker.committable(kPartition) == 14);
  CHECK(tracker.size() == 0);
}

TEST_CASE("offset tracker: offsets that do not exist hold up nothing") {
  OffsetTracker tracker;
  tracker.assign(kPartition, 1, 0);
  for (const std::int64_t offset : std::vector<std::int64_t>{5, 6, 1000, 1'000'000'000'000}) {
    REQUIRE(tracker.begin(at(offset), 1));
  }
  REQUIRE(tracker.finish(at(5)));
  REQUIRE(tracker.finish(at(6)));
  CHECK(tracker.committable(kPartition) == 1000);
  REQUIRE(tracker.finish(at(1'000'000'000'000)));
  CHECK(tracker.committable(kPartition) == 1000);
  REQUIRE(tracker.finish(at(1000)));
  CHECK(tracker.committable(kPartition) == 1'000'000'000'001);
  CHECK(tracker.memory_bytes() < 16'384);
}

TEST_CASE("offset tracker: what is done, was never begun or was begun before is told apart") {
  OffsetTracker tracker;
  tracker.assign(kPartition, 1, 0);
  REQUIRE(tracker.begin(at(0), 0));
  REQUIRE(tracker.begin(at(5), 1));
  CHECK_FALSE(tracker.begin(at(5), 2));
  CHECK_FALSE(tracker.begin(at(3), 2));
  CHECK(tracker.find(at(5)) == 1U);
  CHECK_FALSE(tracker.find(at(3)).has_value());
  CHECK_FALSE(tracker.finish(at(6)).has_value());
  CHECK_FALSE(tracker.finish(at(-1)).has_value());
  REQUIRE(tracker.finish(at(5)));
  CHECK_FALSE(tracker.finish(at(5)).has_value());
  CHECK_FALSE(tracker.find(at(5)).has_value());
}

TEST_CASE("offset tracker: positions of another assignment change nothing") {
  OffsetTracker tracker;
  CHECK_FALSE(tracker.begin(at(0), 0));
  tracker.assign(kPartition, 1, 0);
  REQUIRE(tracker.begin(at(0), 7));
  std::vector<OffsetTracker::Cookie> unfinished;
  tracker.revoke(kPartition, 2, unfinished);
  CHECK(unfinished.empty());
  tracker.revoke(kPartition, 1, unfinished);
  CHECK(unfinished == std::vector<OffsetTracker::Cookie>{7});
  CHECK(tracker.size() == 0);

  tracker.assign(kPartition, 2, 0);
  REQUIRE(tracker.begin(at(0, 2), 8));
  CHECK_FALSE(tracker.finish(at(0, 1)).has_value());
  CHECK_FALSE(tracker.begin(at(1, 1), 9));
  CHECK(tracker.committable(kPartition) == 0);
  CHECK(tracker.finish(at(0, 2)) == 8U);
}

TEST_CASE("offset tracker: a commit is asked for once per movement, and again when it failed") {
  OffsetTracker tracker;
  tracker.assign(kPartition, 1, 4);
  std::vector<CommitRequest> requests;
  tracker.collect(requests);
  CHECK(requests.empty());
  REQUIRE(tracker.begin(at(4), 0));
  REQUIRE(tracker.finish(at(4)));
  tracker.collect(requests);
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].partition == kPartition);
  CHECK(requests[0].epoch == 1);
  CHECK(requests[0].next_offset == 5);
  tracker.collect(requests);  // the first was not confirmed
  REQUIRE(requests.size() == 2);
  tracker.committed(requests[0]);
  CHECK_FALSE(tracker.collect_one(kPartition).has_value());
}

TEST_CASE("offset tracker: memory for a long window is given back when it is over") {
  OffsetTracker tracker;
  tracker.assign(kPartition, 1, 0);
  constexpr std::int64_t kLong = 100'000;
  for (std::int64_t i = 0; i < kLong; ++i)
    REQUIRE(tracker.begin(at(i), 0));
  for (std::int64_t i = kLong - 1; i > 0; --i)
    REQUIRE(tracker.finish(at(i)));
  CHECK(tracker.size() == kLong);
  CHECK(tracker.memory_bytes() <= 2 * 16 * kLong);
  REQUIRE(tracker.finish(at(0)));
  CHECK(tracker.committable(kPartition) == kLong);
  std::vector<CommitRequest> requests;
  for (int i = 0; i < 20; ++i)
    tracker.collect(requests);
  CHECK(tracker.memory_bytes() <= 65'536);
}
