#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

/// Calls a function with every tuple.
template <class T>
class CallBolt final : public Bolt<T> {
 public:
  explicit CallBolt(std::function<void(const T&)> call) : call_(std::move(call)) {}
  void execute(const T& in) override { call_(in); }

 private:
  std::function<void(const T&)> call_;
};

/// Topic "in" -> RecordSpout<T> -> a function, in the real engine on this thread.
template <class T>
struct SpoutFixture {
  SpoutFixture() {
    broker.create_topic("in", 1);
    broker.create_topic("in.dlq", 1);
  }

  template <class MakeSpout>
  void start(MakeSpout make_spout, std::function<void(const T&)> bolt) {
    TopologyBuilder builder{"test"};
    auto spout = builder.spout("records", make_spout);
    builder.bolt("bolt", [bolt] { return CallBolt<T>{bolt}; }).shuffle(spout);
    topology = testing::SteppedTopology::open(builder.build().value(), clock).value();
    topology->run();
  }
  RecordConnections connections() {
    return {.source =
                [this](std::uint32_t) {
                  auto made = std::make_unique<test::MemorySource>(
                      broker, test::MemorySourceOptions{.topic = "in"});
                  source = made.get();
                  return made;
                },
            .dead_letters =
                [this](std::uint32_t) {
                  auto made = std::make_unique<test::MemorySink>(broker);
                  sink = made.get();
                  return made;
                }};
  }
  void produce(std::string value) {
    broker.append("in", 0, Record{"k", std::move(value), {}, {}});
    topology->run();
  }
  [[nodiscard]] std::int64_t committed() const { return broker.committed("group", "in", 0); }
  [[nodiscard]] const RecordSpoutStats& stats() const {
    return dynamic_cast<RecordSpout<T>&>(topology->component("records")).stats();
  }

  testing::ManualClock clock;
  test::MemoryBroker broker;
  test::MemorySource* source = nullptr;
  test::MemorySink* sink = nullptr;
  std::unique_ptr<testing::SteppedTopology> topology;
};

RecordSpoutOptions plain_options() {
  RecordSpoutOptions options;
  options.retry.jitter = 0;
  return options;
}

Result<int> to_int(const ConsumedRecord& consumed) {
  const std::string& text = consumed->value;
  if (text == "away") return Error{ErrorKind::kUnavailable, "the schema registry is away"};
  if (text == "throw") throw Permanent("thrown by the decoder");
  if (text == "bug") throw std::runtime_error("a bug of the decoder");
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
    return Error{ErrorKind::kInvalid, "not a number: " + text};
  }
  return std::stoi(text);
}

}  // namespace

TEST_CASE("record spout: emits records as they come, and commits them on its timer") {
  SpoutFixture<ConsumedRecord> f;
  std::vector<std::string> seen;
  f.start([&] { return RecordSpout<ConsumedRecord>{f.connections()}; },
          [&](const ConsumedRecord& in) { seen.push_back(in->value); });
  f.produce("a");
  f.produce("b");
  CHECK(seen == std::vector<std::string>{"a", "b"});
  CHECK(f.committed() == 0);
  f.topology->advance(1s);
  CHECK(f.committed() == 2);
  CHECK(f.stats().held.get() == 0);
}

TEST_CASE("record spout: a tuple that fails comes again, decoded anew, then is a dead letter") {
  SpoutFixture<int> f;
  std::vector<Instant> times;
  f.start(
      [&] {
        return RecordSpout<int>{f.connections(), to_int, plain_options()};
      },
      [&](const int&) {
        times.push_back(f.clock.now());
        throw std::runtime_error("this bolt dislikes numbers");
      });
  f.produce("42");
  CHECK(times.size() == 1);
  f.topology->advance(99ms);
  CHECK(times.size() == 1);
  f.topology->advance(1ms);
  CHECK(times.size() == 2);
  f.topology->advance(2s);
  REQUIRE(times.size() == 5);
  CHECK(times[4] - times[3] == 800ms);
  REQUIRE(f.broker.records("in.dlq").size() == 1);
  CHECK(f.broker.records("in.dlq")[0].record.value == "42");
  f.topology->advance(1s);
  CHECK(f.committed() == 1);
}

TEST_CASE("record spout: what cannot be decoded is a dead letter and no tuple") {
  SpoutFixture<int> f;
  std::vector<int> seen;
  f.start(
      [&] {
        return RecordSpout<int>{f.connections(), to_int, plain_options()};
      },
      [&](const int& in) { seen.push_back(in); });
  f.produce("1");
  f.produce("one");
  f.produce("throw");
  f.produce("2");
  CHECK(seen == std::vector<int>{1, 2});
  CHECK(f.broker.records("in.dlq").size() == 2);
  CHECK(f.stats().decode_failures.get() == 2);
  f.produce("bug");  // tried again, as any error of unknown kind
  CHECK(f.broker.records("in.dlq").size() == 2);
  f.topology->advance(10s);
  CHECK(f.broker.records("in.dlq").size() == 3);
  CHECK(f.committed() == 5);
}

TEST_CASE("record spout: a decoder that depends on something that is down is waited for") {
  SpoutFixture<int> f;
  bool is_away = true;
  std::vector<int> seen;
  auto decode = [&](const ConsumedRecord& in) -> Result<int> {
    if (is_away) return Error{ErrorKind::kUnavailable, "away"};
    return to_int(in);
  };
  f.start(
      [&] {
        return RecordSpout<int>{f.connections(), decode, plain_options()};
      },
      [&](const int& in) { seen.push_back(in); });
  f.produce("1");
  f.topology->advance(10min);
  CHECK(f.source->is_paused());
  CHECK(f.broker.records("in.dlq").empty());
  is_away = false;
  f.topology->advance(5s);
  CHECK(seen == std::vector<int>{1});
  f.produce("2");
  CHECK(seen == std::vector<int>{1, 2});
}

TEST_CASE("record spout: an outage pauses the source, then everything is done, in no dead letter") {
  SpoutFixture<int> f;
  bool is_down = true;
  std::vector<int> seen;
  f.start(
      [&] {
        return RecordSpout<int>{f.connections(), to_int, plain_options()};
      },
      [&](const int& in) {
        if (is_down) throw Unavailable("the store is down");
        seen.push_back(in);
      });
  f.produce("1");
  for (int i = 2; i <= 50; ++i)
    f.produce(std::to_string(i));
  f.topology->advance(30s);
  CHECK(f.stats().held.get() == 1);
  is_down = false;
  f.topology->advance(6s);
  CHECK(seen.size() == 50);
  CHECK(f.committed() == 50);
  CHECK(f.broker.records("in.dlq").empty());
}

TEST_CASE("record spout: a dead letter that is acknowledged while draining is waited for") {
  SpoutFixture<int> f;
  f.start(
      [&] {
        return RecordSpout<int>{f.connections(), to_int, plain_options()};
      },
      [](const int&) {});
  f.sink->hold();
  f.produce("bad");
  f.topology->drain();
  f.sink->release();
  f.topology->run();
  CHECK(f.broker.records("in.dlq").size() == 1);
  f.topology->close();
  CHECK(f.committed() == 1);
}

TEST_CASE("record spout: shows its numbers as gauges") {
  SpoutFixture<int> f;
  f.start([&] { return RecordSpout<int>{f.connections(), to_int}; }, [](const int&) {});
  f.produce("1");
  f.produce("x");
  bool found = false;
  for (const Gauge& gauge : f.topology->component("records").gauges()) {
    if (gauge.name != "dead_letters") continue;
    found = true;
    CHECK(gauge.value == 1);
    CHECK(gauge.kind == Gauge::Kind::kCounter);
  }
  CHECK(found);
}

TEST_CASE("record spout: a topology with a spout that lacks a connection does not start") {
  TopologyBuilder builder{"test"};
  auto spout = builder.spout("records", [] { return RecordSpout<ConsumedRecord>{{}}; });
  builder.discard(spout);
  testing::ManualClock clock;
  const auto opened = testing::SteppedTopology::open(builder.build().value(), clock);
  REQUIRE_FALSE(opened.is_ok());
  CHECK(opened.error().message.find("records") != std::string::npos);
}
