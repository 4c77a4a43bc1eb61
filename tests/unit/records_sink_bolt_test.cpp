#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bolts/record_sink_bolt.hpp"
#include "bora/testing/bolt_tester.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"

using namespace bora;
using testing::BoltTester;

namespace {

/// A sink bolt of texts into topic "out"; a text that begins with '!' cannot be encoded.
struct SinkFixture {
  explicit SinkFixture(test::MemorySinkOptions options = {}) : options_(options) {
    broker.create_topic("out", 1);
  }

  RecordSinkBolt<std::string> make() {
    auto connect = [this](std::uint32_t) {
      auto made = std::make_unique<test::MemorySink>(broker, options_);
      sink = made.get();
      return made;
    };
    auto encode = [this](const std::string& text) -> Result<OutgoingRecord> {
      if (text == "!result") return Error{ErrorKind::kInvalid, "cannot be encoded"};
      if (text == "!throw") throw Permanent("must not be encoded");
      return OutgoingRecord{topic, Record{"key", text, {}, {}}};
    };
    return RecordSinkBolt<std::string>{connect, encode};
  }
  [[nodiscard]] std::vector<std::string> out() const {
    std::vector<std::string> values;
    for (const auto& stored : broker.records("out"))
      values.push_back(stored.record.value);
    return values;
  }

  test::MemoryBroker broker;
  test::MemorySink* sink = nullptr;
  std::string topic = "out";

 private:
  test::MemorySinkOptions options_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("record sink bolt: a tuple is acked when its record is durable, and not before") {
  SinkFixture f;
  BoltTester t{[&] { return f.make(); }};
  f.sink->hold();
  const auto fed = t.feed_all({"a", "b"});
  CHECK(fed[0].pending());
  CHECK(fed[1].pending());
  CHECK(f.out().empty());
  f.sink->release();
  t.run();
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
  CHECK(f.out() == Texts{"a", "b"});
  CHECK(t.bolt().stats().delivered.get() == 2);
  CHECK(t.bolt().stats().pending.get() == 0);
}

TEST_CASE("record sink bolt: outcomes that come in any order ack the right tuples") {
  SinkFixture f({.seed = 7, .faults = {.slowest = 5}});
  BoltTester t{[&] { return f.make(); }};
  Texts texts;
  for (int i = 0; i < 100; ++i)
    texts.push_back(std::to_string(i));
  f.sink->fail_next(1, ErrorKind::kInternal);
  const auto fed = t.feed_all(texts);
  std::size_t acked = 0;
  const Texts out = f.out();
  for (std::size_t i = 0; i < fed.size(); ++i) {
    const bool is_out = std::find(out.begin(), out.end(), texts[i]) != out.end();
    REQUIRE(fed[i].acked() == is_out);
    REQUIRE(fed[i].failed() == !is_out);
    acked += fed[i].acked() ? 1 : 0;
  }
  CHECK(acked == 99);
}

TEST_CASE("record sink bolt: a failed delivery fails its tuple by the kind of its status") {
  const std::vector<std::pair<ErrorKind, FailureKind>> kinds = {
      {ErrorKind::kUnavailable, FailureKind::kUnavailable},
      {ErrorKind::kInvalid, FailureKind::kPermanent},
      {ErrorKind::kCorrupt, FailureKind::kPermanent},
      {ErrorKind::kNotFound, FailureKind::kError},
      {ErrorKind::kClosed, FailureKind::kError},
      {ErrorKind::kInternal, FailureKind::kError}};
  for (const auto& [error, failure] : kinds) {
    SinkFixture f;
    BoltTester t{[&] { return f.make(); }};
    f.sink->fail_next(1, error);
    const auto fed = t.feed("a");
    REQUIRE(fed.failed());
    CHECK(fed.failure().kind == failure);
    CHECK(fed.failure().reason == "this delivery was made to fail");
    CHECK(t.feed("b").acked());
  }
}

TEST_CASE("record sink bolt: a tuple that cannot be encoded fails alone, as permanent") {
  SinkFixture f;
  BoltTester t{[&] { return f.make(); }};
  const auto fed = t.feed_all({"!result", "a", "!throw"});
  REQUIRE(fed[0].failed());
  CHECK(fed[0].failure().kind == FailureKind::kPermanent);
  CHECK(fed[0].failure().reason == "cannot be encoded");
  CHECK(fed[1].acked());
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kPermanent);
}

TEST_CASE("record sink bolt: a topic that does not exist fails the tuple, to be tried again") {
  SinkFixture f;
  f.topic = "absent";
  BoltTester t{[&] { return f.make(); }};
  const auto fed = t.feed("a");
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kError);
  f.topic = "out";
  CHECK(t.feed("b").acked());
}

TEST_CASE("record sink bolt: it waits for room in a full sink and loses nothing") {
  SinkFixture f({.capacity = 4, .faults = {.slowest = 3}});
  BoltTester t{[&] { return f.make(); }};
  Texts texts;
  for (int i = 0; i < 50; ++i)
    texts.push_back(std::to_string(i));
  for (const auto& fed : t.feed_all(texts))
    REQUIRE(fed.acked());
  CHECK(f.out().size() == 50);
  CHECK(t.bolt().stats().waits.get() > 0);
}

TEST_CASE("record sink bolt: a sink that is down is waited for once, not for every tuple") {
  SinkFixture f;
  BoltTester t{[&] { return f.make(); }};
  f.sink->go_down();
  for (const auto& fed : t.feed_all({"a", "b", "c"})) {
    REQUIRE(fed.failed());
    CHECK(fed.failure().kind == FailureKind::kUnavailable);
  }
  CHECK(t.bolt().stats().waits.get() == 1);
  f.sink->come_up();
  CHECK(t.feed("d").acked());
  f.sink->go_down();
  CHECK(t.feed("e").failed());
  CHECK(t.bolt().stats().waits.get() == 2);
}

TEST_CASE("record sink bolt: idle and draining, it has the sink send what it gathers") {
  SinkFixture f;
  BoltTester t{[&] { return f.make(); }};
  f.sink->hold();
  const auto fed = t.feed("a");
  CHECK(f.sink->flushes() > 0);
  const auto before = f.sink->flushes();
  t.drain();
  CHECK(f.sink->flushes() > before);
  CHECK(fed.pending());
  f.sink->release();
  t.run();
  CHECK(fed.acked());
}

TEST_CASE("record sink bolt: outcomes that another thread announces are taken on its own thread") {
  SinkFixture f;
  BoltTester t{[&] { return f.make(); }};
  f.sink->hold();
  const auto fed = t.feed("a");
  std::thread library([&] { f.sink->release(); });
  library.join();
  CHECK(fed.pending());
  t.run();
  CHECK(fed.acked());
}

TEST_CASE("record sink bolt: without a sink or an encoder it does not open, and says so") {
  using Bolt = RecordSinkBolt<std::string>;
  CHECK_THROWS_WITH((BoltTester{[] {
                      return Bolt{nullptr, nullptr};
                    }}),
                    Catch::Contains("needs a sink and an encoder"));
}
