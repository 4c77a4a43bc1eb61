#include "services/coldchain/report_writer.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"

using namespace bora;
using namespace bora::ingest;

namespace {

struct World {
  World() { broker.create_topic("reports", 1); }

  [[nodiscard]] std::unique_ptr<ReportWriter> writer() {
    return std::make_unique<ReportWriter>(
        [this] {
          auto sink = std::make_unique<test::MemorySink>(broker, options);
          if (failing > 0) sink->fail_next(failing, ErrorKind::kUnavailable);
          if (is_held) sink->hold();
          return sink;
        },
        "reports");
  }
  static std::vector<Record> records(std::size_t count, const std::string& value = "v") {
    std::vector<Record> made(count);
    for (Record& record : made) {
      record.key = "k";
      record.value = value;
    }
    return made;
  }
  /// What becomes of a request.
  static std::future<Status> hand(ReportWriter& writer, const std::vector<Record>& records) {
    auto outcome = std::make_shared<std::promise<Status>>();
    REQUIRE(writer.append(records,
                          [outcome](Status status) { outcome->set_value(std::move(status)); }));
    return outcome->get_future();
  }

  test::MemoryBroker broker;
  test::MemorySinkOptions options;
  std::size_t failing = 0;
  bool is_held = false;
};

}  // namespace

TEST_CASE("a request is done when all of its reports are, whatever the sink can hold") {
  World world;
  world.options.capacity = 3;
  const auto writer = world.writer();
  std::vector<std::future<Status>> outcomes;
  for (int n = 0; n < 20; ++n)
    outcomes.push_back(World::hand(*writer, World::records(5)));
  for (std::future<Status>& outcome : outcomes)
    CHECK(outcome.get());
  CHECK(world.broker.records("reports").size() == 100);
}

TEST_CASE("a request with a report that was not written is told why, others are not") {
  World world;
  world.failing = 1;
  const auto writer = world.writer();
  auto first = World::hand(*writer, World::records(3));
  CHECK(first.get().error().kind == ErrorKind::kUnavailable);
  CHECK(World::hand(*writer, World::records(3)).get());
}

TEST_CASE(
    "a writer that ends answers what the brokers have not, and takes no more than it may hold") {
  World world;
  world.is_held = true;
  auto writer = world.writer();
  auto open = World::hand(*writer, World::records(2));
  writer.reset();
  CHECK(open.get().error().kind == ErrorKind::kClosed);

  writer = world.writer();
  const std::string large(ReportWriter::kMostQueuedBytes + 1, 'x');
  const Status refused = writer->append(World::records(1, large), [](const Status&) {});
  CHECK(refused.error().kind == ErrorKind::kUnavailable);
}
