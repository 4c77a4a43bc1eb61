#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/log_sink.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;
using namespace std::chrono_literals;

namespace {

/// Keeps the log's writer thread busy until it is let go.
class BusyWriter {
 public:
  explicit BusyWriter(TopicLog& log) {
    AppendBatch batch = log.new_batch();
    BORA_CHECK(log.add(batch, "busy", keyed("k", "v")).is_ok(), "not added");
    const Status queued = log.submit(std::move(batch), [this](const AppendOutcome&) {
      busy_.set_value();
      let_go_.get_future().wait();
    });
    BORA_CHECK(queued.is_ok(), queued.message());
    busy_.get_future().wait();
  }
  void let_go() { let_go_.set_value(); }

 private:
  std::promise<void> busy_;
  std::promise<void> let_go_;
};

}  // namespace

TEST_CASE(
    "every record that the sink took is delivered under its tag, at the place where it is read") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  LogSink sink{log};
  for (std::uint64_t tag = 0; tag < 500; ++tag)
    REQUIRE(sink.append(tag % 3 == 0 ? "a" : "b",
                        keyed(std::to_string(tag % 7), "value " + std::to_string(tag)), tag));
  REQUIRE(sink.flush(10s));
  std::vector<RecordSink::Delivery> deliveries;
  CHECK(sink.poll(deliveries) == 500);
  std::map<std::uint64_t, int> seen;
  for (const auto& delivery : deliveries) {
    REQUIRE(delivery.status);
    ++seen[delivery.tag];
    std::vector<SourceRecord> read;
    REQUIRE(*log.read(delivery.tag % 3 == 0 ? "a" : "b", delivery.partition, delivery.offset, 1,
                      read) == 1);
    CHECK(read[0].record.value == "value " + std::to_string(delivery.tag));
  }
  CHECK(seen.size() == 500);
}

TEST_CASE("the first record goes out without another call") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  LogSink sink{log};
  std::promise<void> delivered;
  sink.on_delivery([&] { delivered.set_value(); });
  REQUIRE(sink.append("t", keyed("k", "v"), 1));
  CHECK(delivered.get_future().wait_for(10s) == std::future_status::ready);
  std::vector<RecordSink::Delivery> deliveries;
  CHECK(sink.poll(deliveries) == 1);
}

TEST_CASE("records gather while earlier ones are written, and a bound refuses more") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  BusyWriter writer{log};
  LogSinkOptions options;
  options.max_gathered_bytes = 500;
  LogSink sink{log, options};
  std::uint64_t taken = 0;
  Status status;
  for (; taken < 100; ++taken)
    if (status = sink.append("t", keyed("k", std::string(100, 'x')), taken); !status) break;
  CHECK(status.is_retryable());
  CHECK(taken < 10);
  std::vector<RecordSink::Delivery> deliveries;
  CHECK(sink.poll(deliveries) == 0);
  CHECK(sink.flush(1ms).is_retryable());
  writer.let_go();
  REQUIRE(sink.flush(10s));
  CHECK(sink.poll(deliveries) == taken);
  CHECK(log.stats().written_groups <= 4);
}

TEST_CASE("a full log refuses while something is under way, and the wake that follows finds room") {
  LogFixture fixture;
  fixture.options.max_queued_bytes = 1000;
  TopicLog& log = fixture.open();
  BusyWriter writer{log};
  AppendBatch hog = log.new_batch();
  REQUIRE(log.add(hog, "t", keyed("k", std::string(900, 'x'))));
  LogSink sink{log};
  std::promise<void> woken;
  std::atomic<int> wakes{0};
  sink.on_delivery([&] {
    if (++wakes == 1) woken.set_value();
  });
  // Nothing of this sink is under way: without this one no wake would ever follow a refusal.
  REQUIRE(sink.append("t", keyed("k", std::string(100, 'x')), 1));
  CHECK(sink.append("t", keyed("k", std::string(100, 'x')), 2).is_retryable());
  hog = log.new_batch();
  writer.let_go();
  CHECK(woken.get_future().wait_for(10s) == std::future_status::ready);
  REQUIRE(sink.append("t", keyed("k", "v"), 3));
  REQUIRE(sink.flush(10s));
  std::vector<RecordSink::Delivery> deliveries;
  REQUIRE(sink.poll(deliveries) == 2);
  CHECK(deliveries[0].tag == 1);
  CHECK(deliveries[1].tag == 3);
}

TEST_CASE("a record that can never be delivered is refused at once and its neighbours are not") {
  LogFixture fixture;
  fixture.options.max_record_bytes = 200;
  TopicLog& log = fixture.open();
  LogSink sink{log};
  REQUIRE(sink.append("t", keyed("k", "v"), 1));
  CHECK(sink.append("t", keyed("k", std::string(300, 'x')), 2).error().kind == ErrorKind::kInvalid);
  CHECK(sink.append("not a topic", keyed("k", "v"), 3).error().kind == ErrorKind::kInvalid);
  REQUIRE(sink.append("t", keyed("k", "v"), 4));
  REQUIRE(sink.flush(10s));
  std::vector<RecordSink::Delivery> deliveries;
  CHECK(sink.poll(deliveries) == 2);
}

TEST_CASE("appending to a closed log is delivered as a failure") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  LogSink sink{log};
  log.close();
  REQUIRE(sink.append("t", keyed("k", "v"), 9));
  std::vector<RecordSink::Delivery> deliveries;
  REQUIRE(sink.poll(deliveries) == 1);
  CHECK(deliveries[0].tag == 9);
  CHECK(deliveries[0].status.error().kind == ErrorKind::kClosed);
}

TEST_CASE(
    "a sink that dies with records under way loses nothing that was queued and wakes nobody") {
  LogFixture fixture;
  TopicLog& log = fixture.open();
  BusyWriter writer{log};
  std::atomic<int> wakes{0};
  {
    LogSink sink{log};
    sink.on_delivery([&] { ++wakes; });
    REQUIRE(sink.append("t", keyed("k", "v"), 1));
  }
  writer.let_go();
  log.close();
  CHECK(wakes == 0);
  CHECK(log.stats().appended_records == 2);
}
