#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace {

std::vector<int> many(int n) {
  std::vector<int> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

TEST_CASE("counters are exact: opened is acked, failed and in flight; executed is emitted") {
  auto feed = feed_of<int>();
  std::vector<AckToken> held;
  TopologyBuilder builder{"counts"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, int>([](auto& bolt, const int& in) {
                             if (in % 10 == 3) throw std::runtime_error("three");
                             bolt.out.emit(in);
                             bolt.out.emit(in);
                           }));
  work.shuffle(source);
  builder
      .bolt("sink", doing<int>([&](auto& bolt, const int& in) {
              if (in % 10 == 7) held.push_back(bolt.hold());
            }))
      .shuffle(work);
  SteppedTopology topology{builder.build()};
  feed->add(many(100));
  topology.run();
  const auto spout = topology.metrics("source");
  CHECK(spout.opened == 100);
  CHECK(spout.acked == 80);
  CHECK(spout.failed == 10);
  CHECK(spout.in_flight == 10);
  CHECK(spout.streams[0].emitted == 100);
  CHECK(spout.complete.count == 80);
  const auto bolt = topology.metrics("work");
  CHECK(bolt.executed == 100);
  CHECK(bolt.failed == 10);
  CHECK(bolt.streams[0].stream == "default");
  CHECK(bolt.streams[0].emitted == 180);
  CHECK(bolt.queue.count == 100);
  CHECK(bolt.execute.count == 100);
  CHECK(topology.metrics("sink").executed == 180);
  CHECK(feed->acked.size() == 80);
  CHECK(feed->failed.size() == 10);
}

TEST_CASE("latencies are split into queue, execute and complete") {
  SteppedTopology* running = nullptr;
  auto feed = feed_of<int>({1});
  TopologyBuilder builder{"latency"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("sink", doing<int>([&](auto&, const int&) { running->clock.advance(3ms); }))
      .shuffle(source);
  SteppedTopology topology{builder.build()};
  running = &topology;
  topology.hang("sink");
  topology.run();
  topology.clock.advance(20ms);
  topology.wake_up();
  topology.run();
  const auto near = [](std::chrono::nanoseconds measured, std::chrono::nanoseconds is) {
    return measured >= is && measured.count() <= is.count() * 17 / 16;
  };
  CHECK(near(topology.metrics("sink").queue.percentile(0.5), 20ms));
  CHECK(near(topology.metrics("sink").execute.percentile(0.5), 3ms));
  CHECK(near(topology.metrics("source").complete.percentile(0.5), 23ms));
}

TEST_CASE("the last ten errors of a component are kept, and one that repeats is counted") {
  auto feed = feed_of<int>();
  std::vector<std::string> events;
  TopologyBuilder builder{"errors"};
  auto source = builder.spout("source", feeding(feed));
  builder
      .bolt("work", doing<int>([](auto&, const int& in) {
              throw std::runtime_error("error " + std::to_string(in));
            }))
      .shuffle(source);
  EngineOptions options;
  options.on_event = [&](const std::string& component, const std::string& text) {
    events.push_back(component + ": " + text);
  };
  SteppedTopology topology{builder.build(), options};
  feed->add({7, 7, 7, 8});
  topology.run();
  auto errors = topology.errors("work");
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].text == "error 7 (message 0/2)");  // the last of them
  CHECK(errors[0].times == 3);
  CHECK(errors[1].text == "error 8 (message 0/3)");
  CHECK(errors[1].at == topology.clock.wall_now());
  feed->add(many(40));
  topology.run();
  errors = topology.errors("work");
  REQUIRE(errors.size() == 10);
  CHECK(errors[0].text == "error 30 (message 0/34)");
  CHECK(errors[9].text == "error 39 (message 0/43)");
  // One line per component and interval.
  CHECK(events == std::vector<std::string>{"work[0]: error 7 (message 0/0)"});
  topology.advance(11s, 1s);
  feed->add(50);
  topology.run();
  CHECK(events.size() == 2);
}
