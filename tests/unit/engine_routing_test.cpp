#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;

namespace {

struct Sample {
  std::string device;
  int number = 0;
};

std::vector<int> count_to(int n) {
  std::vector<int> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Runs `tuples` from one spout task to `tasks` tasks that `subscribe` connects.
template <class T, class Subscribe>
Collected<T> route(std::vector<T> tuples, std::uint32_t tasks, Subscribe subscribe) {
  auto got = collected<T>();
  auto feed = feed_of<T>(std::move(tuples));
  const std::size_t fed = feed->waiting.size();
  TopologyBuilder builder{"routing"};
  auto source = builder.spout("source", feeding(feed));
  auto sink = builder.bolt("sink", collecting(got), {.tasks = tasks});
  subscribe(sink, source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(feed->acked.size() == fed);
  CHECK(feed->failed.empty());
  return got;
}

}  // namespace

TEST_CASE("shuffle gives every task the same share") {
  auto got = route(count_to(999), 3, [](auto& sink, auto& source) { sink.shuffle(source); });
  for (std::uint32_t task = 0; task < 3; ++task)
    CHECK((*got)[task].size() == 333);
}

TEST_CASE("fields sends one key to one task, whatever else the tuple holds") {
  std::vector<Sample> samples;
  for (int i = 0; i < 400; ++i)
    samples.push_back({"device-" + std::to_string(i % 40), i});
  auto got =
      route(samples, 3, [](auto& sink, auto& source) { sink.fields(source, &Sample::device); });
  std::map<std::string, std::set<std::uint32_t>> tasks_of;
  for (const auto& [task, tuples] : *got)
    for (const Sample& s : tuples)
      tasks_of[s.device].insert(task);
  CHECK(tasks_of.size() == 40);
  for (const auto& [device, tasks] : tasks_of)
    CHECK(tasks.size() == 1);
  CHECK(got->size() == 3);
}

TEST_CASE("fields spreads neighbouring keys evenly, and the same way in every run and version") {
  auto got = route(count_to(10'000), 7, [](auto& sink, auto& source) {
    sink.fields(source, [](int key) { return key; });
  });
  for (std::uint32_t task = 0; task < 7; ++task) {
    const double share = static_cast<double>((*got)[task].size()) * 7 / 10'000;
    CHECK(std::abs(share - 1) < 0.1);
  }
  // Stored results depend on these: a change of the hash moves keys between tasks.
  CHECK(stable_hash(0) == 0xe220'a839'7b1d'cdafULL);
  CHECK(stable_hash(1) == 0x910a'2dec'8902'5cc1ULL);
  CHECK(stable_hash(std::string_view{"device-1"}) == stable_hash(std::string{"device-1"}));
  CHECK(stable_hash(std::string_view{""}) == stable_hash(0xcbf2'9ce4'8422'2325ULL));
  CHECK((*got)[stable_hash(1234) % 7].size() > 0);
  const auto& task = (*got)[static_cast<std::uint32_t>(stable_hash(1234) % 7)];
  CHECK(std::count(task.begin(), task.end(), 1234) == 1);
}

TEST_CASE("all gives every task every tuple, and the message is done when all of them are") {
  auto got = route(count_to(100), 3, [](auto& sink, auto& source) { sink.all(source); });
  for (std::uint32_t task = 0; task < 3; ++task)
    CHECK((*got)[task] == count_to(100));
}

TEST_CASE("global gives everything to task 0") {
  auto got = route(count_to(100), 3, [](auto& sink, auto& source) { sink.global(source); });
  CHECK((*got)[0] == count_to(100));
  CHECK(got->size() == 1);
}

TEST_CASE("custom sends to the tasks it chooses: one, several, or none") {
  auto got = route(count_to(90), 3, [](auto& sink, auto& source) {
    sink.custom(source, [](const int& in, TaskChoice& choice) {
      if (in % 3 == 1) choice.send_to(1);
      if (in % 3 != 2) return;
      for (std::uint32_t task = 0; task < choice.tasks(); ++task)
        choice.send_to(task);
    });
  });
  CHECK((*got)[0].size() == 30);
  CHECK((*got)[1].size() == 60);
  CHECK((*got)[2].size() == 30);
}

TEST_CASE("direct goes where the producer says, and emit() does not reach it") {
  auto feed = feed_of<int>(count_to(30));
  auto got = collected<int>();
  auto others = collected<int>();
  TopologyBuilder builder{"direct"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, int>([](auto& bolt, const int& in) {
                             bolt.out.emit_direct(static_cast<std::uint32_t>(in % 3), in);
                             if (in % 10 == 0) bolt.out.emit(-in);
                           }));
  work.shuffle(source);
  builder.bolt("sink", collecting(got), {.tasks = 3}).direct(work);
  builder.bolt("other", collecting(others)).shuffle(work);
  SteppedTopology topology{builder.build()};
  topology.run();
  for (std::uint32_t task = 0; task < 3; ++task) {
    REQUIRE((*got)[task].size() == 10);
    for (int v : (*got)[task])
      CHECK(static_cast<std::uint32_t>(v % 3) == task);
  }
  CHECK((*others)[0] == std::vector<int>{0, -10, -20});
  CHECK(feed->acked.size() == 30);
}

TEST_CASE("local runs task i of the bolt on the thread of task i of its producer") {
  auto feed = feed_of<int>(count_to(100));
  std::map<std::uint32_t, std::set<std::uint32_t>> seen;  // producer's task -> bolt's task
  TopologyBuilder builder{"local"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, std::uint32_t>([](auto& bolt, const int&) {
                             bolt.out.emit(bolt.context().task());
                           }),
                           {.tasks = 3});
  work.shuffle(source);
  auto next = builder.bolt("next", doing<std::uint32_t>([&](auto& bolt, const std::uint32_t& from) {
                             seen[from].insert(bolt.context().task());
                           }),
                           {.tasks = 3});
  next.local(work);
  SteppedTopology topology{builder.build()};
  CHECK(topology.runtime().executors().size() == 4);
  topology.run();
  CHECK(seen.size() == 3);
  for (const auto& [from, to] : seen)
    CHECK(to == std::set<std::uint32_t>{from});
  CHECK(feed->acked.size() == 100);
}

TEST_CASE("several consumers of a stream each get all of it, and the last may own the tuple") {
  auto feed = feed_of<std::string>({std::string(40, 'a'), std::string(40, 'b')});
  auto one = collected<std::string>();
  auto two = collected<std::string>();
  TopologyBuilder builder{"both"};
  auto source = builder.spout("source", feeding(feed));
  builder.bolt("one", collecting(one)).shuffle(source);
  builder.bolt("two", collecting(two)).shuffle(source);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK((*one)[0] == std::vector<std::string>{std::string(40, 'a'), std::string(40, 'b')});
  CHECK((*one)[0] == (*two)[0]);
  CHECK(feed->acked.size() == 2);
  CHECK(topology.metrics("source").streams[0].emitted == 2);
}

TEST_CASE("a bolt that reads streams of different types takes a variant of them") {
  auto numbers = feed_of<int>({1, 2});
  auto texts = feed_of<std::string>({"three"});
  using Either = std::variant<int, std::string>;
  int sum = 0;
  std::string text;
  TopologyBuilder builder{"either"};
  auto first = builder.spout("numbers", feeding(numbers));
  auto second = builder.spout("texts", feeding(texts));
  builder
      .bolt("sink", doing<Either>([&](auto&, const Either& in) {
              if (const int* n = std::get_if<int>(&in)) sum += *n;
              if (const auto* t = std::get_if<std::string>(&in)) text += *t;
            }))
      .shuffle(first)
      .shuffle(second);
  SteppedTopology topology{builder.build()};
  topology.run();
  CHECK(sum == 3);
  CHECK(text == "three");
  CHECK(numbers->acked.size() == 2);
  CHECK(texts->acked.size() == 1);
}

TEST_CASE("tuples of one producer task reach one consumer task in order, across full lanes") {
  auto got = collected<int>();
  auto feed = feed_of<int>(count_to(1'000));
  TopologyBuilder builder{"order"};
  auto source = builder.spout("source", feeding(feed));
  auto work = builder.bolt("work", doing<int, int>([](auto& bolt, const int& in) {
                             for (int i = 0; i < in % 7; ++i)
                               bolt.out.emit(in * 10 + i);
                           }));
  work.shuffle(source);
  builder.bolt("sink", collecting(got), {.tasks = 2}).shuffle(work);
  SteppedTopology topology{builder.build(), {.block_tuples = 2, .blocks_per_lane = 2}};
  topology.run();
  for (std::uint32_t task = 0; task < 2; ++task)
    CHECK(std::is_sorted((*got)[task].begin(), (*got)[task].end()));
  CHECK((*got)[0].size() + (*got)[1].size() == 2'997);
  CHECK(feed->acked.size() == 1'000);
}

TEST_CASE(
    "a bolt that is local to one component and reads another's ring on the same thread works") {
  auto feed = feed_of<int>(count_to(200));
  auto got = collected<int>();
  TopologyBuilder builder{"self"};
  auto source = builder.spout("source", feeding(feed));
  auto first =
      builder.bolt("first", doing<int, int>([](auto& bolt, const int& in) { bolt.out.emit(in); }));
  first.local(source);
  // `both` runs on the spout's thread and gets the spout's own tuples through a ring to itself.
  builder.bolt("both", collecting(got)).local(first).shuffle(source);
  SteppedTopology topology{builder.build(), {.block_tuples = 2, .blocks_per_lane = 2}};
  CHECK(topology.runtime().executors().size() == 1);
  topology.run();
  CHECK((*got)[0].size() == 400);
  CHECK(feed->acked.size() == 200);
}
