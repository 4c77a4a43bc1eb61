#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/record_transaction.hpp"
#include "bora/testing/manual_clock.hpp"
#include "spouts/transactional_pump.hpp"
#include "support/memory_broker.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

/// A topic of one partition and what a broker knows of a transaction on it: what was read, written and
/// committed. The calls that were made stand in `calls`.
class FakeBroker final : public RecordSource, public RecordSink, public RecordTransaction {
 public:
  std::string calls;
  std::int64_t end = 0;                                // of the topic
  std::int64_t committed = 0;                          // of the group
  std::vector<std::string> visible;                    // dead letters that count
  std::map<std::string, std::vector<Status>> failing;  // the next outcomes of a call
  bool holds_deliveries = false;
  AssignmentListener* listener = nullptr;

  // --- the source
  std::string_view topic() const noexcept override { return "in"; }
  Status open(AssignmentListener& to, std::function<void()>) override {
    listener = &to;
    to.on_assigned(0, 1, 0);
    return {};
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    std::size_t taken = 0;
    for (; taken < max && next_ < end; ++taken, ++next_)
      out.push_back({{0, next_, 1}, Record{{}, "v" + std::to_string(next_), {}, {}}});
    return taken;
  }
  void pause() override {}
  void resume() override {}
  Status commit(std::span<const CommitRequest> done) override {
    const Status status = outcome("commit");
    if (!status) return status;
    REQUIRE(done.size() == 1);
    committed = done[0].next_offset;
    for (auto& [tag, value] : written_)
      visible.push_back(value);
    written_.clear();
    return {};
  }
  void close() override { calls += "close "; }

  // --- the sink
  Status append(std::string_view to, Record record, Tag tag) override {
    CHECK(to == "in.dlq");
    const Status status = outcome("append");
    if (status) written_.emplace_back(tag, record.value);
    if (status) undelivered_.push_back({tag, {}, 0, 0});
    return status;
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    if (holds_deliveries) return 0;
    const std::size_t told = undelivered_.size();
    for (Delivery& one : undelivered_) {
      one.status = outcome("deliver");
      out.push_back(std::move(one));
    }
    undelivered_.clear();
    return told;
  }
  Status flush(std::chrono::milliseconds) override { return {}; }
  void on_delivery(std::function<void()>) override {}

  // --- the transaction
  Status begin() override { return outcome("begin"); }
  Status abort() override {
    const Status status = outcome("abort");
    if (status) written_.clear();
    return status;
  }
  Status rewind() override {
    const Status status = outcome("rewind");
    if (status) next_ = committed;
    return status;
  }

 private:
  Status outcome(const std::string& call) {
    if (call != "append" && call != "deliver") calls += call + " ";
    auto& next = failing[call];
    if (next.empty()) return {};
    Status status = next.front();
    next.erase(next.begin());
    return status;
  }

  std::int64_t next_ = 0;
  std::vector<std::pair<Tag, std::string>> written_;
  std::vector<Delivery> undelivered_;
};

const Status kAway{ErrorKind::kUnavailable, "away"};
const Status kRefused{ErrorKind::kClosed, "fenced"};

struct Fixture {
  Fixture() {
    TransactionalPump::Setup setup;
    setup.source = &broker;
    setup.dead_letters = &broker;
    setup.transaction = &broker;
    setup.clock = &clock;
    setup.stats = &stats;
    setup.options.retry = {.attempts = 2, .first_backoff = 100ms, .jitter = 0};
    setup.options.batch_time = 200ms;
    setup.options.batch_records = 10;
    setup.component = "spout";
    setup.in_flight = [this] { return in_flight; };
    setup.on_error = [this](std::string text) { errors.push_back(std::move(text)); };
    pump = std::make_unique<TransactionalPump>(std::move(setup));
    REQUIRE(pump->open());
  }
  std::vector<Pump::Ready> take(std::size_t max = 100) {
    std::vector<Pump::Ready> taken;
    pump->take(max, taken);
    in_flight += taken.size();
    return taken;
  }
  void ack(const Pump::Ready& ready) {
    --in_flight;
    pump->acked({&ready.id, 1});
  }
  void ack(const std::vector<Pump::Ready>& all) {
    for (const Pump::Ready& ready : all)
      ack(ready);
  }
  void fail(const Pump::Ready& ready, FailureKind kind) {
    if (kind != FailureKind::kExpired) --in_flight;
    pump->failed({ready.id, kind, "bolt", 0, "broken"});
  }

  testing::ManualClock clock;
  FakeBroker broker;
  RecordSpoutStats stats;
  std::vector<std::string> errors;
  std::size_t in_flight = 0;
  std::unique_ptr<TransactionalPump> pump;
};

}  // namespace

TEST_CASE("a batch is committed when its first record is old enough and all of it is acked") {
  Fixture f;
  f.broker.end = 3;
  const auto taken = f.take();
  REQUIRE(taken.size() == 3);
  f.ack(taken);
  f.pump->tick();
  CHECK(f.broker.committed == 0);
  f.clock.advance(200ms);
  f.pump->tick();
  CHECK(f.broker.committed == 3);
  CHECK(f.broker.calls == "begin commit ");
}

TEST_CASE("a full batch takes nothing more before it is committed") {
  Fixture f;
  f.broker.end = 25;
  const auto taken = f.take();
  REQUIRE(taken.size() == 10);
  CHECK(f.take().empty());
  f.ack({taken.begin(), taken.end() - 1});
  CHECK(f.broker.committed == 0);
  f.ack(taken.back());
  CHECK(f.broker.committed == 10);
  CHECK(f.take().size() == 10);
}

TEST_CASE("a failure aborts its batch, which is read again once nothing is in flight") {
  Fixture f;
  f.broker.end = 3;
  const auto taken = f.take();
  f.fail(taken[1], FailureKind::kError);
  CHECK(f.take().empty());
  CHECK(f.broker.calls == "begin abort ");
  f.ack(taken[0]);
  CHECK(f.take().empty());
  CHECK(f.broker.calls == "begin abort ");  // one is still on its way
  f.ack(taken[2]);
  f.pump->tick();
  CHECK(f.broker.calls == "begin abort rewind ");
  CHECK(f.take().empty());  // the pause of a retry
  f.clock.advance(100ms);
  CHECK(f.take().size() == 3);
  CHECK(f.stats.aborts.get() == 1);
}

TEST_CASE("an outage is shown until the batch is committed, or another's") {
  Fixture f;
  f.broker.end = 1;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto taken = f.take();
    REQUIRE(taken.size() == 1);
    CHECK(f.stats.in_outage.get() == (attempt == 0 ? 0 : 1));  // also while it is tried
    f.fail(taken[0], FailureKind::kUnavailable);
    f.pump->tick();
    CHECK(f.stats.in_outage.get() == 1);
    f.clock.advance(1s);
  }
  const auto taken = f.take();
  REQUIRE(taken.size() == 1);
  SECTION("committed") {
    f.ack(taken);
    f.clock.advance(200ms);
  }
  SECTION("lost") { f.broker.listener->on_revoked(0, 1, AssignmentListener::Leave::kLost); }
  f.pump->tick();
  CHECK(f.stats.in_outage.get() == 0);
}

TEST_CASE("a message that expired holds up the next transaction until it came to rest") {
  Fixture f;
  f.broker.end = 1;
  const auto taken = f.take();
  f.fail(taken[0], FailureKind::kExpired);
  f.clock.advance(1s);
  f.take();
  f.take();
  CHECK(f.broker.calls == "begin abort ");
  f.in_flight = 0;  // without a word, as the engine does it
  f.take();
  CHECK(f.broker.calls == "begin abort rewind ");
}

TEST_CASE("a record that is given up becomes a dead letter of the next transaction") {
  Fixture f;
  f.broker.end = 3;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto taken = f.take();
    REQUIRE(taken.size() == 3);
    f.ack(taken[0]);
    f.fail(taken[1], FailureKind::kError);
    f.ack(taken[2]);
    f.pump->tick();
    f.clock.advance(1s);
    CHECK(f.broker.visible.empty());
  }
  const auto rest = f.take();
  REQUIRE(rest.size() == 2);  // the other is not emitted
  f.ack(rest);
  f.clock.advance(200ms);
  f.take();
  CHECK(f.broker.committed == 3);
  CHECK(f.broker.visible == std::vector<std::string>{"v1"});
  CHECK(f.stats.dead_letters.get() == 1);
}

TEST_CASE("a record that cannot be decoded is a dead letter without an abort") {
  Fixture f;
  f.broker.end = 2;
  f.broker.holds_deliveries = true;
  const auto taken = f.take();
  --f.in_flight;
  f.pump->refuse(taken[0], FailureKind::kPermanent, "no JSON");
  f.ack(taken[1]);
  f.clock.advance(200ms);
  f.take();
  CHECK(f.broker.committed == 0);  // the letter is not written yet
  f.broker.holds_deliveries = false;
  f.take();
  CHECK(f.broker.calls == "begin commit begin ");
  CHECK(f.broker.visible == std::vector<std::string>{"v0"});
}

TEST_CASE("a dead letter that is not written aborts the batch") {
  Fixture f;
  f.broker.end = 1;
  const auto taken = f.take();
  --f.in_flight;
  f.broker.failing["deliver"] = {kAway};
  f.pump->refuse(taken[0], FailureKind::kPermanent, "no JSON");
  f.clock.advance(200ms);
  f.take();
  CHECK(f.broker.committed == 0);
  CHECK(f.broker.calls == "begin abort rewind ");
}

TEST_CASE("a commit without an answer is asked again, and one that is refused aborts") {
  Fixture f;
  f.broker.end = 10;
  f.broker.failing["commit"] = {kAway, kAway, kRefused};
  f.ack(f.take());
  CHECK(f.broker.calls == "begin commit ");
  CHECK(f.take().empty());
  f.clock.advance(100ms);
  f.take();
  CHECK(f.broker.calls == "begin commit commit ");
  f.clock.advance(100ms);
  f.pump->tick();
  f.pump->tick();
  CHECK(f.broker.calls == "begin commit commit commit abort rewind ");
  CHECK(f.broker.committed == 0);
}

TEST_CASE("a partition that leaves with its batch done has it committed, else aborted") {
  Fixture f;
  f.broker.end = 2;
  const auto taken = f.take();
  f.ack(taken[0]);
  SECTION("done") {
    f.ack(taken[1]);
    f.broker.listener->on_revoked(0, 1, AssignmentListener::Leave::kRevoked);
    CHECK(f.broker.committed == 2);
  }
  SECTION("not done") {
    f.broker.listener->on_revoked(0, 1, AssignmentListener::Leave::kRevoked);
    f.ack(taken[1]);
    f.clock.advance(1s);
    f.pump->tick();
    CHECK(f.broker.committed == 0);
    CHECK(f.broker.calls == "begin abort rewind ");
  }
  SECTION("lost") {
    f.ack(taken[1]);
    f.broker.listener->on_revoked(0, 1, AssignmentListener::Leave::kLost);
    f.clock.advance(1s);
    f.pump->tick();
    CHECK(f.broker.committed == 0);
    CHECK(f.broker.calls == "begin abort rewind ");
  }
}

TEST_CASE("draining commits what is done, and aborts what is abandoned") {
  Fixture f;
  f.broker.end = 2;
  const auto taken = f.take();
  f.pump->drain();
  CHECK_FALSE(f.pump->is_settled());
  f.ack(taken[0]);
  SECTION("done") {
    f.ack(taken[1]);
    CHECK(f.pump->is_settled());
    CHECK(f.broker.committed == 2);
  }
  SECTION("abandoned") {
    f.fail(taken[1], FailureKind::kAbandoned);
    f.pump->tick();
    CHECK(f.pump->is_settled());
    CHECK(f.broker.calls == "begin abort ");
    CHECK(f.broker.committed == 0);
  }
  f.pump->close();
}
