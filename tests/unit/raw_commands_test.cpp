#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/testing/manual_clock.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/raw/replay.hpp"
#include "topologies/raw/store_text.hpp"

using namespace bora;
using namespace bora::raw;
using namespace std::chrono_literals;
using coldchain::DeviceId;

namespace {

/// An archive with ten entries of device 7, a second apart, and one of device 8.
struct Fixture {
  Fixture() {
    archive = *Archive::open(
        {.path = directory.path(), .durability = ArchiveOptions::Durability::kUnsynced});
    std::vector<std::string> messages;
    for (int i = 0; i < 10; ++i)
      messages.push_back("{\"n\":" + std::to_string(i) + "}");
    messages.push_back("not JSON \xff");
    std::vector<ArchiveEntry> entries;
    for (int i = 0; i < 11; ++i) {
      entries.push_back({.device_id = DeviceId{i < 10 ? 7u : 8u},
                         .inserted = from_millis(1000 * i),
                         .measured = from_millis(0),
                         .partition = 3,
                         .offset = i,
                         .message = messages[static_cast<std::size_t>(i)]});
    }
    BORA_CHECK(archive->put(entries).is_ok(), "the archive did not take the entries");
  }
  const ArchiveReader& reader() const { return archive->reader(); }

  testing::TemporaryDirectory directory;
  std::unique_ptr<Archive> archive;
};

}  // namespace

TEST_CASE("store count is the number and nothing else") {
  const Fixture f;
  std::ostringstream out;
  REQUIRE(write_count(f.reader(), out));
  CHECK(out.str() == "11\n");
}

TEST_CASE("store scan is one line of JSON for each entry") {
  const Fixture f;
  std::ostringstream out;
  const auto lines =
      write_scan(f.reader(), {DeviceId{7}, from_millis(2000), from_millis(4000)}, out);
  REQUIRE(lines);
  CHECK(*lines == 2);
  CHECK(out.str() ==
        "{\"device\":7,\"inserted\":2000,\"partition\":3,\"offset\":2,\"message\":{\"n\":2}}\n"
        "{\"device\":7,\"inserted\":3000,\"partition\":3,\"offset\":3,\"message\":{\"n\":3}}\n");
  out.str("");
  REQUIRE(write_scan(f.reader(), {.device_id = DeviceId{8}}, out));
  CHECK(nlohmann::json::parse(out.str()).at("message") == "not JSON \xEF\xBF\xBD");
}

TEST_CASE("a reader of the output that is gone ends a scan") {
  const Fixture f;
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  CHECK(write_scan(f.reader(), {.device_id = DeviceId{7}}, out).error().kind == ErrorKind::kClosed);
  CHECK(write_count(f.reader(), out).error().kind == ErrorKind::kClosed);
}

namespace {

struct ReplayFixture : Fixture {
  ReplayFixture() { broker.create_topic("again", 1); }

  Result<ReplayProgress> replay_all() { return replay(reader(), sink, request, environment); }
  std::vector<std::string> values() const {
    std::vector<std::string> values;
    for (const auto& stored : broker.records("again"))
      values.push_back(stored.record.value);
    return values;
  }

  testing::ManualClock clock;
  Instant start = clock.now();
  test::MemoryBroker broker;
  test::MemorySink sink{broker};
  ReplayRequest request{.device_id = DeviceId{7},
                        .from = from_millis(1000),
                        .to = from_millis(6000),
                        .topic = "again"};
  int waits = 0;
  bool is_stopping = false;
  std::function<void()> on_wait = [] {};
  std::vector<ReplayProgress> shown;
  ReplayEnvironment environment{
      .clock = clock,
      .wait =
          [this](std::chrono::nanoseconds time) {
            ++waits;
            clock.advance(time);
            on_wait();
          },
      .is_stopping = [this] { return is_stopping; },
      .on_progress = [this](const ReplayProgress& now) { shown.push_back(now); }};
};

}  // namespace

TEST_CASE("a replay sends the entries of a device and a time, in order, and says what they were") {
  ReplayFixture f;
  const auto progress = f.replay_all();
  REQUIRE(progress);
  CHECK(progress->sent == 5);
  CHECK(progress->delivered == 5);
  CHECK_FALSE(progress->was_stopped);
  const auto records = f.broker.records("again");
  REQUIRE(records.size() == 5);
  CHECK(f.values().front() == "{\"n\":1}");
  CHECK(f.values().back() == "{\"n\":5}");
  CHECK(records[0].record.key == "7");
  CHECK(records[0].record.timestamp == WallTime{});
  CHECK(records[0].record.headers == std::vector<RecordHeader>{{"replay.inserted", "1000"},
                                                               {"replay.partition", "3"},
                                                               {"replay.offset", "1"}});
}

TEST_CASE("a replay keeps its rate") {
  ReplayFixture f;
  f.request.rate = 2;
  REQUIRE(f.replay_all());
  CHECK(f.clock.now() - f.start == 2s);
  CHECK(f.shown.size() >= 2);
}

TEST_CASE("a replay waits for a topic that is down, for a while") {
  ReplayFixture f;
  f.sink.go_down();
  f.on_wait = [&f] {
    if (f.waits == 10) f.sink.come_up();
  };
  const auto progress = f.replay_all();
  INFO(progress.status().message());
  REQUIRE(progress);
  CHECK(progress->delivered == 5);

  ReplayFixture g;
  g.sink.go_down();
  const auto failed = g.replay_all();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::kUnavailable);
  CHECK(g.clock.now() - g.start < 70s);
}

TEST_CASE("a replay that is stopped says exactly how far it came") {
  ReplayFixture f;
  f.request.rate = 10;
  f.on_wait = [&f] { f.is_stopping = f.waits == 3; };
  const auto progress = f.replay_all();
  REQUIRE(progress);
  CHECK(progress->was_stopped);
  CHECK(progress->sent == 3);
  CHECK(progress->delivered == 3);
  CHECK(f.values().size() == 3);
}

TEST_CASE("a replay ends with the first record that was not delivered") {
  ReplayFixture f;
  f.sink.fail_next(1, ErrorKind::kInvalid);
  const auto progress = f.replay_all();
  REQUIRE_FALSE(progress);
  CHECK(progress.error().kind == ErrorKind::kInvalid);
}

TEST_CASE("a replay that never learns of a delivery does not hang") {
  ReplayFixture f;
  f.sink.hold();
  const auto progress = f.replay_all();
  REQUIRE_FALSE(progress);
  CHECK(progress.error().message.find("have no answer") != std::string::npos);
}
