#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/pump_fixture.hpp"

using namespace bora;
using namespace std::chrono_literals;
using test::PumpFixture;

namespace {
std::string header(const Record& record, const std::string& name) {
  for (const auto& h : record.headers) {
    if (h.key == name) return h.value;
  }
  return "(absent)";
}
}  // namespace

// --- the way of a record that succeeds ---

TEST_CASE("record pump: records come once, with the position as their id, and commit when done") {
  PumpFixture f;
  f.produce(3);
  const auto taken = f.take();
  REQUIRE(taken.size() == 3);
  CHECK(f.pump->record(taken[2].slot)->value == "v2");
  CHECK(taken[2].id == MessageId{.offset = 2, .partition = 0, .epoch = 1});
  CHECK(taken[2].bytes >= sizeof(Record) + 3);
  CHECK(f.take().empty());
  CHECK_FALSE(f.outlook.has_more);

  f.ack(taken[1]);
  f.pump->tick();
  CHECK(f.committed() == 0);
  f.ack(taken[0]);
  CHECK(f.committed() == 0);  // on the timer, not at each ack
  f.pump->tick();
  CHECK(f.committed() == 2);
  f.ack(taken[2]);
  f.pump->tick();
  CHECK(f.committed() == 3);
  CHECK(f.stats.held.get() == 0);
  CHECK(f.stats.held_bytes.get() == 0);
}

TEST_CASE("record pump: an idle tick commits nothing and keeps the source polled") {
  PumpFixture f;
  f.take();
  const auto polls = f.source->polls();
  f.pump->tick();
  CHECK(f.wakes > 0);  // an engine that is idle asks again
  f.pump->tick();      // and one that has no room does not: the tick polls itself, paused
  CHECK(f.source->is_paused());
  CHECK(f.source->polls() == polls + 1);
  CHECK(f.broker.commits().empty());
  f.produce(1);
  CHECK(f.take().size() == 1);
  CHECK_FALSE(f.source->is_paused());
}

TEST_CASE("record pump: no more is taken than asked for, and the rest comes next") {
  PumpFixture f;
  f.produce(5);
  CHECK(f.take(2).size() == 2);
  CHECK(f.outlook.has_more);
  CHECK(f.take(2).size() == 2);
  CHECK(f.take(2).size() == 1);
}

TEST_CASE("record pump: records that come again under one assignment are skipped") {
  PumpFixture f(PumpFixture::plain_options(), 1, {.repeat = 1.0});
  f.produce(1);
  CHECK(f.take().size() == 1);
  CHECK(f.take().empty());
  CHECK(f.stats.skipped.get() == 1);
}

// --- retries ---

TEST_CASE("record pump: a failed record comes again after its pause, the same record and id") {
  PumpFixture f;
  f.produce(2);
  const auto first = f.take();
  f.fail(first[0], FailureKind::kError);
  f.ack(first[1]);
  CHECK(f.take().empty());
  CHECK(f.outlook.next_due == f.clock.now() + 100ms);
  CHECK(f.stats.waiting_for_retry.get() == 1);
  f.clock.advance(100ms);
  const auto again = f.take();
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == first[0].id);
  CHECK(f.pump->record(again[0].slot)->value == "v0");
  f.pump->tick();
  CHECK(f.committed() == 0);
  f.ack(again[0]);
  f.pump->tick();
  CHECK(f.committed() == 2);
  CHECK(f.stats.retries.get() == 1);
}

TEST_CASE("record pump: a failure wakes the spout, which may have said it is idle for longer") {
  PumpFixture f;
  f.produce(1);
  const auto taken = f.take();
  const int before = f.wakes;
  f.fail(taken[0], FailureKind::kExpired);
  CHECK(f.wakes > before);
}

TEST_CASE("record pump: after the last attempt a record is a dead letter, done when acknowledged") {
  for (const FailureKind kind :
       {FailureKind::kError, FailureKind::kExpired, FailureKind::kDropped}) {
    PumpFixture f;
    f.sink->hold();
    f.produce(1);
    for (int attempt = 1; attempt <= 3; ++attempt) {
      const auto taken = f.take();
      REQUIRE(taken.size() == 1);
      f.fail(taken[0], kind, "attempt " + std::to_string(attempt));
      f.clock.advance(1s);
    }
    CHECK(f.take().empty());
    f.pump->tick();
    CHECK(f.committed() == 0);
    CHECK(f.stats.waiting_dead_letters.get() == 1);
    CHECK_FALSE(f.pump->is_settled());
    f.sink->release();
    f.pump->take_deliveries();
    CHECK(f.pump->is_settled());
    f.pump->tick();
    CHECK(f.committed() == 1);
    CHECK(f.stats.dead_letters.get() == 1);
    const auto letters = f.broker.records("in.dlq");
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].record.value == "v0");
    CHECK(header(letters[0].record, "bora.dlq.attempts") == "3");
    CHECK(header(letters[0].record, "bora.dlq.reason") == "attempt 3");
    CHECK(header(letters[0].record, "bora.dlq.component") == "bolt");
    CHECK(header(letters[0].record, "bora.dlq.kind") == to_string(kind));
  }
}

TEST_CASE("record pump: a permanent failure is a dead letter at once") {
  PumpFixture f;
  f.produce(1);
  f.fail(f.take()[0], FailureKind::kPermanent, "cannot ever work");
  f.pump->take_deliveries();
  REQUIRE(f.broker.records("in.dlq").size() == 1);
  CHECK(header(f.broker.records("in.dlq")[0].record, "bora.dlq.attempts") == "1");
  f.pump->tick();
  CHECK(f.committed() == 1);
}

TEST_CASE("record pump: a record that cannot be decoded is a dead letter, in the spout's name") {
  PumpFixture f;
  f.produce(1);
  f.pump->refuse(f.take()[0], FailureKind::kPermanent, "no JSON");
  f.pump->take_deliveries();
  REQUIRE(f.broker.records("in.dlq").size() == 1);
  CHECK(header(f.broker.records("in.dlq")[0].record, "bora.dlq.component") == "spout");
  CHECK(header(f.broker.records("in.dlq")[0].record, "bora.dlq.reason") == "no JSON");
  CHECK(f.stats.decode_failures.get() == 1);
}

TEST_CASE("record pump: what was abandoned is neither retried, dead-lettered nor committed") {
  PumpFixture f;
  f.produce(2);
  const auto taken = f.take();
  f.fail(taken[0], FailureKind::kAbandoned);
  f.ack(taken[1]);
  f.clock.advance(1h);
  CHECK(f.take().empty());
  f.pump->tick();
  CHECK(f.committed() == 0);
  CHECK(f.broker.records("in.dlq").empty());
  CHECK(f.stats.left_for_replay.get() == 1);
  CHECK(f.stats.held_bytes.get() == 0);
}

// --- outages ---

TEST_CASE("record pump: an outage is sat out with the source paused, and spends no attempts") {
  PumpFixture f;
  f.produce(2);
  auto taken = f.take(1);
  f.produce(1);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(taken.size() == 1);
    f.fail(taken[0], FailureKind::kUnavailable, "the store is down");
    CHECK(f.source->is_paused());
    REQUIRE(f.take().empty());
    f.clock.advance(400ms);  // the cap of an outage's pauses
    const auto polls = f.source->polls();
    taken = f.take();
    CHECK(f.source->polls() > polls);     // though paused
    CHECK(f.stats.in_outage.get() == 1);  // though it is being tried
  }
  f.ack(taken[0]);
  CHECK(f.stats.in_outage.get() == 0);
  CHECK(f.wakes > 0);
  CHECK(f.take().size() == 2);
  CHECK_FALSE(f.source->is_paused());
  CHECK(f.broker.records("in.dlq").empty());
}

TEST_CASE("record pump: other failures after an outage count from where they were") {
  PumpFixture f;
  f.produce(1);
  for (const FailureKind kind : {FailureKind::kError, FailureKind::kUnavailable,
                                 FailureKind::kUnavailable, FailureKind::kError}) {
    const auto taken = f.take();
    REQUIRE(taken.size() == 1);
    f.fail(taken[0], kind);
    f.clock.advance(1s);
  }
  const auto third = f.take();
  REQUIRE(third.size() == 1);
  CHECK_FALSE(f.source->is_paused());
  f.fail(third[0], FailureKind::kError);
  f.pump->take_deliveries();
  CHECK(f.broker.records("in.dlq").size() == 1);
}

TEST_CASE("record pump: a source that fails is polled again after a pause, and said to fail") {
  PumpFixture f;
  f.take();
  f.produce(1);
  f.source->fail_polls(2);
  CHECK(f.take().empty());
  CHECK(f.outlook.next_due == f.clock.now() + 100ms);
  CHECK(f.take().empty());
  CHECK(f.stats.source_failures.get() == 1);  // not before its time
  f.clock.advance(100ms);
  CHECK(f.take().empty());
  f.clock.advance(200ms);
  CHECK(f.take().size() == 1);
  CHECK(f.errors.size() == 2);
}

TEST_CASE("record pump: a commit that failed is made with the next one") {
  PumpFixture f;
  f.produce(1);
  f.ack(f.take()[0]);
  f.source->fail_commits(2);
  f.pump->tick();
  f.pump->tick();
  CHECK(f.committed() == 0);
  CHECK(f.stats.commit_failures.get() == 2);
  CHECK(f.errors.size() == 1);
  f.pump->tick();
  CHECK(f.committed() == 1);
}

// --- bounds ---

TEST_CASE("record pump: full, it pauses the source until a quarter is free again") {
  auto options = PumpFixture::plain_options();
  options.max_held = 8;
  PumpFixture f(options);
  f.produce(20);
  const auto taken = f.take();
  REQUIRE(taken.size() == 8);
  CHECK(f.source->is_paused());
  f.ack(taken[0]);
  CHECK(f.take().empty());
  CHECK(f.source->is_paused());
  const int before = f.wakes;
  f.ack(taken[1]);
  CHECK(f.wakes == before);
  f.ack(taken[2]);
  CHECK(f.wakes > before);
  CHECK(f.take().size() == 3);
  CHECK(f.stats.held.get() == 8);
  CHECK(f.stats.pauses.get() == 2);
}

TEST_CASE("record pump: records that wait for a retry count among those held") {
  auto options = PumpFixture::plain_options();
  options.max_held = 4;
  PumpFixture f(options);
  f.produce(20);
  for (const auto& ready : f.take())
    f.fail(ready, FailureKind::kError);
  CHECK(f.stats.waiting_for_retry.get() == 4);
  CHECK(f.take().empty());
  f.clock.advance(100ms);
  CHECK(f.take().size() == 4);  // the same
  CHECK(f.stats.retries.get() == 4);
}

TEST_CASE("record pump: bytes held are bounded too") {
  auto options = PumpFixture::plain_options();
  options.max_held_bytes = 4 * (sizeof(Record) + 3);
  PumpFixture f(options);
  f.produce(20);
  CHECK(f.take().size() == 4);
  CHECK(f.source->is_paused());
}

TEST_CASE("record pump: the flow runs ahead of a record that waits, but only so far") {
  auto options = PumpFixture::plain_options();
  options.max_uncommitted = 100;
  PumpFixture f(options);
  f.produce(1000);
  const auto stuck = f.take(1);
  std::size_t ahead = 0;
  for (int i = 0; i < 100; ++i) {
    for (const auto& ready : f.take(10)) {
      f.ack(ready);
      ++ahead;
    }
  }
  CHECK(ahead == 99);
  CHECK(f.source->is_paused());
  f.ack(stuck[0]);
  CHECK_FALSE(f.take(10).empty());
  CHECK_FALSE(f.source->is_paused());
}

TEST_CASE("record pump: too many dead letters waiting pause the source") {
  auto options = PumpFixture::plain_options();
  options.max_dead_letters_waiting = 2;
  PumpFixture f(options);
  f.sink->go_down();
  f.produce(4);
  const auto taken = f.take(2);
  f.fail(taken[0], FailureKind::kPermanent);
  CHECK_FALSE(f.source->is_paused());
  f.fail(taken[1], FailureKind::kPermanent);
  CHECK(f.source->is_paused());
  CHECK(f.take().empty());
  f.sink->come_up();
  f.clock.advance(1s);
  f.pump->tick();
  CHECK(f.take().size() == 2);
  CHECK(f.broker.records("in.dlq").size() == 2);
}

// --- assignments ---

TEST_CASE("record pump: a revoke commits what is done and ignores what comes late") {
  PumpFixture f;
  f.produce(4);
  const auto taken = f.take();
  f.ack(taken[0]);
  f.fail(taken[1], FailureKind::kError);  // waits for its retry
  test::MemorySource other{f.broker, {.topic = "in"}};
  struct Nobody final : AssignmentListener {
    void on_assigned(std::uint32_t, std::uint32_t, std::int64_t next) override { assigned = next; }
    void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
    std::int64_t assigned = -1;
  } listener;
  REQUIRE(other.open(listener, [] {}));
  f.broker.move_on("group", "in", 0);
  std::vector<SourceRecord> read;
  REQUIRE(other.poll(10, read));
  CHECK(listener.assigned == -1);  // the old owner has not let go
  f.take();
  REQUIRE(other.poll(10, read));
  CHECK(listener.assigned == 1);
  CHECK(f.stats.held.get() == 0);

  f.ack(taken[2]);
  f.fail(taken[3], FailureKind::kPermanent);
  CHECK(f.stats.late.get() == 2);
  f.clock.advance(1h);
  CHECK(f.take().empty());
  f.pump->tick();
  CHECK(f.committed() == 1);
  CHECK(f.broker.records("in.dlq").empty());
}

TEST_CASE("record pump: nothing is committed for a lost partition, and it is read anew") {
  PumpFixture f;
  f.produce(2);
  const auto taken = f.take();
  f.ack(taken[0]);
  f.broker.take_away("group", "in", 0);
  const auto again = f.take();
  CHECK(f.broker.commits().empty());
  REQUIRE(again.size() == 2);
  CHECK(again[0].id.epoch == 2);
  f.ack(taken[1]);  // of the first epoch
  f.pump->tick();
  CHECK(f.committed() == 0);
  f.ack(again[0]);
  f.ack(again[1]);
  f.pump->tick();
  CHECK(f.committed() == 2);
  CHECK(f.broker.ignored_commits() == 0);
}

TEST_CASE("record pump: a dead letter under way for a lost partition does not finish its record") {
  PumpFixture f;
  f.produce(1);
  f.sink->hold();
  f.fail(f.take()[0], FailureKind::kPermanent);
  f.broker.take_away("group", "in", 0);
  const auto again = f.take();
  REQUIRE(again.size() == 1);
  f.sink->release();
  f.pump->take_deliveries();
  f.pump->tick();
  CHECK(f.committed() == 0);
  CHECK(f.stats.held.get() == 1);
}

TEST_CASE("record pump: a dead letter that still waits for its write leaves with its partition") {
  PumpFixture f;
  f.produce(1);
  f.sink->go_down();
  f.fail(f.take()[0], FailureKind::kPermanent);
  f.broker.take_away("group", "in", 0);
  const auto again = f.take();
  REQUIRE(again.size() == 1);
  CHECK(f.stats.waiting_dead_letters.get() == 0);
  f.sink->come_up();
  f.clock.advance(1h);
  f.pump->tick();
  f.pump->tick();
  CHECK(f.broker.records("in.dlq").empty());
}

// --- stopping ---

TEST_CASE("record pump: suspended, it takes nothing; resumed, it goes on") {
  PumpFixture f;
  f.produce(2);
  f.take(1);
  f.pump->suspend();
  CHECK(f.source->is_paused());
  CHECK(f.take().empty());
  f.pump->resume();
  CHECK(f.take().size() == 1);
}

TEST_CASE("record pump: draining waits for dead letters but not for retries") {
  PumpFixture f;
  f.sink->hold();
  f.produce(4);
  const auto taken = f.take();
  f.fail(taken[1], FailureKind::kError);
  f.pump->drain();
  CHECK(f.source->is_paused());
  CHECK(f.pump->is_settled());
  f.ack(taken[0]);
  f.fail(taken[2], FailureKind::kError);  // would be retried, were there time
  CHECK(f.pump->is_settled());
  f.fail(taken[3], FailureKind::kPermanent);
  CHECK_FALSE(f.pump->is_settled());
  f.sink->release();
  f.pump->take_deliveries();
  CHECK(f.pump->is_settled());
  f.clock.advance(1h);
  CHECK(f.take().empty());
  f.pump->close();
  CHECK(f.committed() == 1);
  CHECK(f.stats.left_for_replay.get() == 2);
}

TEST_CASE("record pump: closing commits what is done and writes the dead letters that wait") {
  PumpFixture f;
  f.produce(3);
  const auto taken = f.take();
  f.fail(taken[0], FailureKind::kPermanent);
  f.ack(taken[1]);
  f.pump->close();
  CHECK(f.committed() == 2);
  CHECK(f.broker.records("in.dlq").size() == 1);
  f.pump->close();
  f.pump->tick();
  CHECK(f.take().empty());
}

TEST_CASE("record pump: lag counts what is unread and what is not done") {
  PumpFixture f;
  f.produce(10);
  const auto taken = f.take(4);
  f.ack(taken[0]);
  f.pump->tick();
  CHECK(f.stats.lag.get() == 9);
  std::uint64_t by_partition = 0;
  for (const PartitionLag& lag : f.stats.lags())
    by_partition += lag.records;
  CHECK(by_partition == 9);
}
