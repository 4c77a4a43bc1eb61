#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/record_trace.hpp"
#include "bora/testing/manual_clock.hpp"
#include "services/gateway/outbox.hpp"
#include "services/gateway/output.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::gateway;
using namespace std::chrono_literals;

namespace {

const std::string kTopic = "reports";

/// An outbox and its output, on a broker in memory.
struct Fixture {
  explicit Fixture(OutputOptions with = {.linger = 0ms}) : options(with) {
    broker.create_topic(kTopic, 2);
    auto opened = Outbox::open({.path = directory.path() / "outbox.db"});
    REQUIRE(opened);
    outbox = *std::move(opened);
    restart();
  }

  /// As after a crash: what the output knew is gone.
  void restart() {
    output = std::make_unique<Output>(
        *outbox,
        [this] {
          auto made = std::make_unique<test::MemorySink>(broker, sink_options);
          sink = made.get();
          ++sinks;
          prepare(*made);
          return made;
        },
        GatewayIdentity{coldchain::GatewayId{7}, coldchain::GatewaySecret{"TOKEN"}}, options,
        clock);
  }

  static std::string message(int device, int n) {
    return R"({"n":)" + std::to_string(n) + R"(,"device":{"id":)" + std::to_string(device) +
           R"(,"auth":1},"reading":{"temp":4,"time":5,"batt":6}})";
  }
  void store(const std::vector<std::string>& messages) {
    REQUIRE(outbox->append(messages, kTopic, clock.wall_now()));
  }
  void steps(int count, std::chrono::milliseconds each = 10ms) {
    for (int i = 0; i < count; ++i) {
      output->step();
      clock.advance(each);
    }
  }
  [[nodiscard]] std::uint64_t waiting() const { return outbox->summary()->rows; }
  [[nodiscard]] std::size_t arrived() const { return broker.records(kTopic).size(); }

  /// The numbers of a device's messages as they arrived.
  [[nodiscard]] std::vector<int> numbers(const std::string& device) const {
    std::vector<int> numbers;
    for (const auto& stored : broker.records(kTopic))
      if (stored.record.key == device)
        numbers.push_back(
            std::stoi(stored.record.value.substr(stored.record.value.find("\"n\":") + 4)));
    return numbers;
  }

  testing::TemporaryDirectory directory;
  testing::ManualClock clock;
  test::MemoryBroker broker;
  OutputOptions options;
  test::MemorySinkOptions sink_options;
  std::function<void(test::MemorySink&)> prepare = [](test::MemorySink&) {};
  std::unique_ptr<Outbox> outbox;
  test::MemorySink* sink = nullptr;  ///< The latest.
  int sinks = 0;
  std::unique_ptr<Output> output;
};

using Numbers = std::vector<int>;

/// Whether each number stands before any larger one does, for the first time.
bool is_in_order(const Numbers& numbers) {
  int next = 0;
  for (const int n : numbers) {
    if (n > next) return false;
    if (n == next) ++next;
  }
  return true;
}

}  // namespace

TEST_CASE("output publishes reports under their device's key, as they were stored") {
  Fixture fixture;
  fixture.store({Fixture::message(1, 0), Fixture::message(2, 0), Fixture::message(1, 1)});
  fixture.steps(3);
  CHECK(fixture.numbers("1") == Numbers{0, 1});
  CHECK(fixture.numbers("2") == Numbers{0});
  const auto record = fixture.broker.records(kTopic).front().record;
  CHECK(coldchain::parse_report(record.value)->gateway_secret.reveal() == "TOKEN");
  CHECK(record.timestamp == testing::ManualClock::kWallStart);
  CHECK(fixture.waiting() == 0);
  CHECK(fixture.outbox->summary()->delivered == 3);
}

TEST_CASE("a message of a trace is published with it, and one of none without a header") {
  Fixture fixture;
  const TraceContext trace{{1, 2}, SpanId{3}};
  const std::vector<OutboxMessage> messages{{Fixture::message(1, 0), to_traceparent(trace)},
                                            {Fixture::message(1, 1)}};
  REQUIRE(fixture.outbox->append(messages, kTopic, fixture.clock.wall_now()));
  fixture.steps(3);
  const auto records = fixture.broker.records(kTopic);
  REQUIRE(records.size() == 2);
  CHECK(trace_in(records[0].record) == trace);
  CHECK(records[1].record.headers.empty());
}

TEST_CASE("a row stays until the broker has acknowledged it") {
  Fixture fixture;
  fixture.prepare = [](test::MemorySink& sink) { sink.hold(); };
  fixture.store({Fixture::message(1, 0)});
  fixture.steps(5);
  CHECK(fixture.waiting() == 1);
  CHECK_FALSE(fixture.output->is_idle());
  fixture.sink->release();
  fixture.steps(2);
  CHECK(fixture.waiting() == 0);
  CHECK(fixture.output->is_idle());
}

TEST_CASE("an output that ends before it has heard of a delivery publishes again") {
  Fixture fixture;
  fixture.store({Fixture::message(1, 0), Fixture::message(1, 1)});
  fixture.output->step();  // published
  std::vector<RecordSink::Delivery> unheard;
  fixture.sink->poll(unheard);  // the broker has them
  fixture.restart();
  fixture.steps(3);
  CHECK(fixture.waiting() == 0);
  CHECK(fixture.numbers("1") == Numbers{0, 1, 0, 1});
}

TEST_CASE("when one record fails, nothing younger overtakes it") {
  Fixture fixture{{.linger = 0ms, .max_rows = 3}};
  fixture.prepare = [&](test::MemorySink& sink) {
    if (fixture.sinks == 1) sink.fail_next(3, ErrorKind::kInvalid);
  };
  std::vector<std::string> messages;
  for (int n = 0; n < 9; ++n)
    messages.push_back(Fixture::message(1, n));
  fixture.store(messages);
  fixture.steps(2);
  CHECK(fixture.arrived() == 0);
  CHECK(fixture.waiting() == 9);
  CHECK_FALSE(fixture.outbox->summary()->last_error.empty());
  fixture.steps(20, 200ms);
  CHECK(fixture.numbers("1") == Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(fixture.sinks == 2);
}

TEST_CASE("whatever goes wrong, everything arrives, and each device's first arrivals in order") {
  Fixture fixture{{.linger = 0ms, .max_rows = 4, .max_backoff = 2s}};
  fixture.sink_options.faults = {.unavailable = 0.02, .lose_reply = 0.02};
  fixture.prepare = [&](test::MemorySink&) { ++fixture.sink_options.seed; };
  std::map<int, int> next;
  std::uint64_t dice = 1;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> messages;
    for (int device = 1; device <= 3; ++device)
      messages.push_back(Fixture::message(device, next[device]++));
    fixture.store(messages);
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    fixture.steps(static_cast<int>((dice >> 60) % 5));
    if ((dice >> 40) % 7 == 0) fixture.restart();
  }
  fixture.steps(1000, 500ms);
  CHECK(fixture.waiting() == 0);
  for (const char* const device : {"1", "2", "3"}) {
    const Numbers numbers = fixture.numbers(device);
    CHECK(is_in_order(numbers));
    CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == 60);
  }
}

TEST_CASE("a message waits for others, until it has waited long enough or there are enough") {
  Fixture fixture{{.linger = 60s, .max_rows = 3}};
  fixture.store({Fixture::message(1, 0)});
  fixture.steps(59, 1s);
  CHECK(fixture.arrived() == 0);
  fixture.steps(3, 1s);
  CHECK(fixture.arrived() == 1);
  fixture.store({Fixture::message(1, 1), Fixture::message(1, 2), Fixture::message(1, 3)});
  fixture.steps(2);
  CHECK(fixture.arrived() == 4);
}

TEST_CASE("a wall clock that is set back holds no message up") {
  Fixture fixture{{.linger = 60s}};
  fixture.store({Fixture::message(1, 0)});
  fixture.clock.jump_wall(-24h);
  fixture.steps(2);
  CHECK(fixture.arrived() == 1);
}

TEST_CASE("refused batches are tried again less and less often") {
  Fixture fixture{{.linger = 0ms, .first_backoff = 1s, .max_backoff = 60s}};
  fixture.prepare = [](test::MemorySink& sink) { sink.fail_next(1, ErrorKind::kInvalid); };
  fixture.store({Fixture::message(1, 0)});
  fixture.steps(3000, 100ms);  // five minutes
  CHECK(fixture.sinks > 5);
  CHECK(fixture.sinks < 15);
  CHECK(fixture.waiting() == 1);
}

TEST_CASE("a broker that says nothing is noted, and waited for") {
  Fixture fixture{{.linger = 0ms, .patience = 5s}};
  std::vector<bool> events;
  fixture.output->on_event([&](const Status& trouble) { events.push_back(trouble.is_ok()); });
  fixture.prepare = [](test::MemorySink& sink) { sink.hold(); };
  fixture.store({Fixture::message(1, 0)});
  fixture.steps(40, 1s);
  CHECK_FALSE(fixture.outbox->summary()->last_error.empty());
  CHECK(fixture.sinks == 1);
  fixture.sink->release();
  fixture.steps(2);
  CHECK(fixture.outbox->summary()->last_error.empty());
  CHECK(events == std::vector<bool>{false, true});
}

TEST_CASE("a row that is no message goes out as it is, and holds nothing up") {
  Fixture fixture;
  fixture.store({"rubbish", Fixture::message(1, 0)});
  fixture.steps(3);
  CHECK(fixture.arrived() == 2);
  CHECK(fixture.waiting() == 0);
}

TEST_CASE("an output that drains ends what it has begun, and begins nothing") {
  Fixture fixture;
  fixture.prepare = [](test::MemorySink& sink) { sink.hold(); };
  fixture.store({Fixture::message(1, 0)});
  fixture.output->step();
  fixture.store({Fixture::message(1, 1)});
  fixture.output->drain();
  fixture.sink->release();
  fixture.steps(5);
  CHECK(fixture.output->is_idle());
  CHECK(fixture.waiting() == 1);
}
