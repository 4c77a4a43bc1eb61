#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "spouts/dead_letter.hpp"
#include "spouts/dead_letter_writer.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

std::string header(const Record& record, const std::string& name) {
  std::string found = "(absent)";
  for (const auto& h : record.headers) {
    if (h.key == name) found = h.value;
  }
  return found;
}

DeadLetterContext context(std::int64_t offset, std::uint32_t partition = 2) {
  DeadLetterContext c;
  c.topic = "reports";
  c.position = {partition, offset, 1};
  c.kind = FailureKind::kPermanent;
  c.component = "parse";
  c.task = 3;
  c.reason = "no field named time";
  c.attempts = 4;
  c.failed_at = from_millis(1'700'000'000'123);
  return c;
}

struct WriterFixture {
  WriterFixture() { broker.create_topic("reports.dlq", 1); }

  void add(std::int64_t offset, std::uint32_t partition = 2) {
    writer.add(std::make_shared<const Record>(Record{"k", std::to_string(offset), {}, {}}),
               context(offset, partition), clock.now());
  }
  std::vector<std::int64_t> run() {
    std::vector<RecordPosition> written;
    writer.run(clock.now(), written);
    std::vector<std::int64_t> offsets;
    for (const auto& position : written)
      offsets.push_back(position.offset);
    return offsets;
  }

  testing::ManualClock clock;
  test::MemoryBroker broker;
  test::MemorySink sink{broker};
  std::vector<std::string> errors;
  DeadLetterWriter writer{sink,
                          {.topic = "reports.dlq",
                           .retry = {.first_backoff = 100ms, .jitter = 0},
                           .on_error = [this](std::string text) { errors.push_back(text); }}};
};

}  // namespace

TEST_CASE("dead letter: keeps key, payload, time and headers, and says in text what happened") {
  const Record original{"device-7", "{broken", {{"traceparent", "00-ab"}}, from_millis(42)};
  const Record letter = dead_letter(original, context(17));
  CHECK(letter.key == original.key);
  CHECK(letter.value == original.value);
  CHECK(letter.timestamp == original.timestamp);
  REQUIRE(letter.headers.size() == 10);
  CHECK(letter.headers[0] == original.headers[0]);
  CHECK(header(letter, "bora.dlq.topic") == "reports");
  CHECK(header(letter, "bora.dlq.partition") == "2");
  CHECK(header(letter, "bora.dlq.offset") == "17");
  CHECK(header(letter, "bora.dlq.kind") == "permanent");
  CHECK(header(letter, "bora.dlq.component") == "parse");
  CHECK(header(letter, "bora.dlq.task") == "3");
  CHECK(header(letter, "bora.dlq.reason") == "no field named time");
  CHECK(header(letter, "bora.dlq.attempts") == "4");
  CHECK(header(letter, "bora.dlq.failed-at") == "1700000000123");
  CHECK(dead_letter_topic("reports") == "reports.dlq");
}

TEST_CASE("dead letter: a replayed dead letter that fails again says only what happened last") {
  const Record once = dead_letter({std::nullopt, "v", {{"a", "1"}}, {}}, context(1));
  DeadLetterContext later = context(99);
  later.reason = "another reason";
  const Record twice = dead_letter(once, later);
  CHECK(twice.headers.size() == once.headers.size());
  CHECK(header(twice, "bora.dlq.offset") == "99");
  CHECK(header(twice, "bora.dlq.reason") == "another reason");
  CHECK(header(twice, "a") == "1");
}

TEST_CASE("dead letter: a long reason is cut between characters") {
  DeadLetterContext c = context(1);
  c.reason = std::string(kMaxReasonBytes - 1, 'x') + "\xe2\x82\xac and more";
  CHECK(header(dead_letter({}, c), "bora.dlq.reason") == std::string(kMaxReasonBytes - 1, 'x'));
  c.reason = std::string(2 * kMaxReasonBytes, '\x80');  // no UTF-8 at all
  CHECK(header(dead_letter({}, c), "bora.dlq.reason").size() == kMaxReasonBytes);
}

TEST_CASE_METHOD(WriterFixture,
                 "dead letter writer: a letter counts as written when acknowledged") {
  sink.hold();
  add(5);
  CHECK(run().empty());
  CHECK(writer.size() == 1);
  CHECK(broker.records("reports.dlq").empty());
  sink.release();
  CHECK(run() == std::vector<std::int64_t>{5});
  CHECK(writer.size() == 0);
  CHECK(broker.records("reports.dlq").size() == 1);
}

TEST_CASE_METHOD(WriterFixture,
                 "dead letter writer: during an outage letters wait and go out in order after it") {
  sink.go_down();
  add(1);
  add(2);
  CHECK(run().empty());
  CHECK(errors.size() == 1);
  REQUIRE(writer.next_due().has_value());
  CHECK(*writer.next_due() == clock.now() + 100ms);
  sink.come_up();
  CHECK(run().empty());  // not before its time
  clock.advance(100ms);
  CHECK(run().empty());  // on their way
  CHECK(run() == std::vector<std::int64_t>{1, 2});
  CHECK(writer.size() == 0);
  const auto letters = broker.records("reports.dlq");
  REQUIRE(letters.size() == 2);
  CHECK(letters[0].record.value == "1");
  CHECK(letters[1].record.value == "2");
}

TEST_CASE_METHOD(WriterFixture,
                 "dead letter writer: a delivery that failed is tried again until it succeeds") {
  sink.fail_next(2, ErrorKind::kUnavailable);
  add(1);
  CHECK(run().empty());
  clock.advance(1s);
  CHECK(run().empty());
  CHECK(run().empty());
  clock.advance(1s);
  run();
  run();
  CHECK(writer.size() == 0);
  CHECK(writer.failures() == 2);
  CHECK(broker.records("reports.dlq").size() == 1);
}

TEST_CASE_METHOD(WriterFixture,
                 "dead letter writer: a refused letter waits by itself and holds up no other") {
  sink.fail_next(1, ErrorKind::kInvalid);
  add(1);
  CHECK(run().empty());
  add(2);
  CHECK(run() == std::vector<std::int64_t>{2});
  CHECK(writer.size() == 1);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].find("reports.dlq") != std::string::npos);
  clock.advance(100ms);
  run();
  CHECK(run() == std::vector<std::int64_t>{1});
}

TEST_CASE("dead letter writer: without its topic letters wait until somebody creates it") {
  testing::ManualClock clock;
  test::MemoryBroker broker;
  test::MemorySink sink{broker};
  DeadLetterWriter writer{sink, {.topic = "absent", .retry = {.jitter = 0}, .on_error = {}}};
  writer.add(std::make_shared<const Record>(), context(1), clock.now());
  std::vector<RecordPosition> written;
  for (int i = 0; i < 20; ++i) {
    clock.advance(30s);
    writer.run(clock.now(), written);
  }
  CHECK(written.empty());
  CHECK(writer.size() == 1);
  broker.create_topic("absent", 1);
  clock.advance(30s);
  writer.run(clock.now(), written);
  writer.run(clock.now(), written);
  CHECK(written.size() == 1);
}

TEST_CASE_METHOD(WriterFixture, "dead letter writer: letters of a lost partition are forgotten") {
  sink.hold();
  add(1, 0);
  add(2, 1);
  sink.go_down();
  add(3, 0);
  writer.forget(0);
  CHECK(writer.size() == 1);
  sink.come_up();
  sink.release();
  clock.advance(10s);
  CHECK(run() == std::vector<std::int64_t>{2});
  run();
  CHECK(writer.size() == 0);
  CHECK_FALSE(writer.next_due().has_value());
}
