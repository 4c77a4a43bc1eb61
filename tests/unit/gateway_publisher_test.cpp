#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "services/gateway/publishers.hpp"

using namespace bora;
using namespace bora::gateway;
using namespace std::chrono_literals;

namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return instant; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return {}; }
  Instant instant{};
};

/// Takes records, after refusing each as often as told.
class FakePublisher final : public Publisher {
 public:
  Status publish(const SimulatedRecord& record) override {
    if (refusals_left > 0) {
      --refusals_left;
      return refusal;
    }
    taken.push_back(record.value);
    return {};
  }
  Status finish() override {
    ++finishes;
    return {};
  }
  int refusals_left = 0;
  Status refusal{ErrorKind::kUnavailable, "not now"};
  std::vector<std::string> taken;
  int finishes = 0;
};

/// A sink whose deliveries come with the next poll, failing from a given one on.
class FakeSink final : public RecordSink {
 public:
  Status append(std::string_view topic, Record record, Tag tag) override {
    if (is_full) return {ErrorKind::kUnavailable, "full"};
    topics.emplace_back(topic);
    records.push_back(std::move(record));
    const bool fails = records.size() > good;
    waiting.push_back({.tag = tag, .status = fails ? Status{ErrorKind::kInvalid, "no"} : Status{}});
    return {};
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    if (holds_back) return 0;
    const std::size_t count = waiting.size();
    for (Delivery& each : waiting)
      out.push_back(std::move(each));
    waiting.clear();
    return count;
  }
  Status flush(std::chrono::milliseconds) override { return {}; }
  void on_delivery(std::function<void()>) override {}

  std::size_t good = SIZE_MAX;
  bool is_full = false;
  bool holds_back = false;
  std::vector<std::string> topics;
  std::vector<Record> records;
  std::vector<Delivery> waiting;
};

struct Fixture {
  Fixture() {
    RandomOptions random;
    random.limit = 10;
    simulation = *Simulation::make({}, random_measurements(random));
  }
  SetClock clock;
  std::vector<Instant> waits;
  PublishEnvironment environment{.clock = clock, .wait = [this](std::chrono::nanoseconds time) {
                                   clock.instant += time;
                                   waits.push_back(clock.instant);
                                 }};
  std::unique_ptr<Simulation> simulation;
  FakePublisher publisher;
};

SimulatedRecord record_of(std::string value) {
  SimulatedRecord record;
  record.key = "7";
  record.value = std::move(value);
  return record;
}

}  // namespace

TEST_CASE("without a rate everything is published at once, and the publisher is finished") {
  Fixture f;
  const auto progress = publish_all(*f.simulation, f.publisher, {}, f.environment);
  REQUIRE(progress);
  CHECK(progress->published == 10);
  CHECK(f.publisher.taken.size() == 10);
  CHECK(f.publisher.finishes == 1);
  CHECK(f.waits.empty());
}

TEST_CASE("at a rate records are evenly spaced from the first on, without drift") {
  Fixture f;
  PublishOptions options;
  options.rate = 4;
  const auto progress = publish_all(*f.simulation, f.publisher, options, f.environment);
  REQUIRE(progress);
  // The turn after the tenth record is waited for too: only then is it known that there is none.
  CHECK(progress->elapsed == 2500ms);
}

TEST_CASE("a record that is refused for now is offered again, none is lost or repeated") {
  Fixture f;
  f.publisher.refusals_left = 6;
  const auto progress = publish_all(*f.simulation, f.publisher, {}, f.environment);
  REQUIRE(progress);
  CHECK(progress->retries == 6);
  CHECK(f.publisher.taken.size() == 10);
  CHECK(f.clock.instant.time_since_epoch() == 63ms);
}

TEST_CASE("a record that is refused for too long, or for good, ends the simulation") {
  Fixture f;
  f.publisher.refusals_left = 1'000'000;
  PublishOptions options;
  options.patience = 5s;
  const auto tired = publish_all(*f.simulation, f.publisher, options, f.environment);
  REQUIRE_FALSE(tired);
  CHECK(tired.error().kind == ErrorKind::kUnavailable);
  CHECK(f.clock.instant.time_since_epoch() < 6s);

  Fixture g;
  g.publisher.refusals_left = 1;
  g.publisher.refusal = Status{ErrorKind::kInvalid, "never"};
  CHECK(publish_all(*g.simulation, g.publisher, {}, g.environment).error().message == "never");
}

TEST_CASE("a stop ends between two records, and what was published is accounted for") {
  Fixture f;
  f.environment.is_stopping = [&f] { return f.publisher.taken.size() == 4; };
  const auto progress = publish_all(*f.simulation, f.publisher, {}, f.environment);
  REQUIRE(progress);
  CHECK(progress->published == 4);
  CHECK(f.simulation->expectation().records() == 4);
  CHECK(f.publisher.finishes == 1);
}

TEST_CASE("a stop is noticed while the next turn is far away") {
  Fixture f;
  PublishOptions options;
  options.rate = 0.001;
  f.environment.is_stopping = [&f] { return f.waits.size() >= 3; };
  const auto progress = publish_all(*f.simulation, f.publisher, options, f.environment);
  REQUIRE(progress);
  CHECK(progress->published == 1);
  CHECK(f.clock.instant.time_since_epoch() <= 1s);
}

TEST_CASE("lines are the values alone, and a closed output is an error") {
  std::ostringstream out;
  LinePublisher lines{out};
  REQUIRE(lines.publish(record_of("{\"a\":1}")));
  REQUIRE(lines.finish());
  CHECK(out.str() == "{\"a\":1}\n");
  out.setstate(std::ios::badbit);
  CHECK(lines.publish(record_of("x")).error().kind == ErrorKind::kClosed);
}

TEST_CASE("a topic gets key and value, and is finished when all are delivered") {
  FakeSink sink;
  TopicPublisher topic{sink, "reports"};
  REQUIRE(topic.publish(record_of("{}")));
  REQUIRE(topic.finish());
  CHECK(sink.topics == std::vector<std::string>{"reports"});
  CHECK(sink.records[0].key == "7");
  CHECK(sink.records[0].value == "{}");
  sink.is_full = true;
  CHECK(topic.publish(record_of("{}")).is_retryable());
  sink.is_full = false;
  sink.holds_back = true;
  REQUIRE(topic.publish(record_of("{}")));
  CHECK(topic.finish().error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("a record that a topic did not take in the end is reported, once it is known") {
  FakeSink sink;
  sink.good = 1;
  TopicPublisher topic{sink, "reports"};
  REQUIRE(topic.publish(record_of("1")));
  const Status second = topic.publish(record_of("2"));
  REQUIRE_FALSE(second);
  CHECK_FALSE(second.is_retryable());
  CHECK_FALSE(topic.finish());
}
