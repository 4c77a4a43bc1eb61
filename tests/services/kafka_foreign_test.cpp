// What our producer and a foreign one (python3-kafka) make of the same records.

#include <chrono>
#include <map>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/topics.hpp"
#include "e2e/program.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::kafka;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  explicit Fixture(std::uint32_t partitions = 7) {
    auto made = TopicAdmin::make(options);
    BORA_CHECK(made.is_ok(), "no admin client");
    admin = *std::move(made);
    const Status created = admin->create({.name = topic, .partitions = partitions});
    BORA_CHECK(created.is_ok(), created.message());
  }

  /// Lines that the foreign client prints.
  std::vector<std::string> foreign(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {options.brokers, topic});
    arguments.insert(arguments.begin(), BORA_FOREIGN_CLIENT);
    e2e::Program program{"/usr/bin/python3", arguments, directory.path() / "foreign.log"};
    REQUIRE(program.wait(60s) == 0);
    std::vector<std::string> lines;
    std::istringstream text{program.output()};
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
    return lines;
  }
  std::vector<RecordSink::Delivery> deliver(const std::vector<Record>& records) {
    KafkaSink sink{{.kafka = options}};
    for (std::size_t i = 0; i < records.size(); ++i)
      REQUIRE(sink.append(topic, records[i], i));
    REQUIRE(sink.flush(20s));
    std::vector<RecordSink::Delivery> known;
    sink.poll(known);
    REQUIRE(known.size() == records.size());
    return known;
  }

  KafkaOptions options{.brokers = testing::kafka_brokers()};
  std::string topic = "foreign-" + std::to_string(::getpid()) + "-" +
                      std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  testing::TemporaryDirectory directory;
  std::unique_ptr<TopicAdmin> admin;
};

}  // namespace

TEST_CASE("our sink and a foreign producer put the same key on the same partition") {
  Fixture fixture;
  std::vector<std::string> keys;
  for (int device = 0; device < 200; ++device)
    keys.push_back(std::to_string(device * 7919));
  for (const char* odd : {"a", "ab", "abc", "gateway/7", "K\u00fchlraum", "\u96ea"})
    keys.emplace_back(odd);
  std::vector<Record> records;
  for (const std::string& key : keys)
    records.push_back({.key = key, .value = "v", .headers = {}});
  std::map<std::string, std::uint32_t> ours;
  for (const RecordSink::Delivery& delivery : fixture.deliver(records)) {
    REQUIRE(delivery.status);
    ours[keys[delivery.tag]] = delivery.partition;
  }
  std::vector<std::string> arguments{"place"};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  std::map<std::string, std::uint32_t> theirs;
  for (const std::string& line : fixture.foreign(arguments)) {
    const auto space = line.rfind(' ');
    theirs[line.substr(0, space)] = static_cast<std::uint32_t>(std::stoul(line.substr(space + 1)));
  }
  CHECK(ours == theirs);
}

TEST_CASE("a foreign consumer sees key, value, headers and time as they were appended") {
  Fixture fixture{1};
  std::vector<Record> records(4);
  records[0] = {.key = "7",
                .value = "plain",
                .headers = {{"schema-version", "1"}, {"twice", "a"}, {"twice", ""}},
                .timestamp = from_millis(1'466'380'800'123)};
  records[1] = {.key = "", .value = "", .headers = {}, .timestamp = from_millis(1)};
  records[2] = {.key = std::nullopt, .value = "no key", .headers = {}};
  records[3] = {.key = "7", .value = {}, .headers = {}, .is_tombstone = true};
  REQUIRE(fixture.deliver(records).back().status);
  const auto lines = fixture.foreign({"consume", "4"});
  REQUIRE(lines.size() == 4);
  std::vector<nlohmann::json> seen;
  for (const std::string& line : lines)
    seen.push_back(nlohmann::json::parse(line));
  CHECK(seen[0]["key"] == "7");
  CHECK(seen[0]["value"] == "plain");
  CHECK(seen[0]["timestamp"] == 1'466'380'800'123);
  CHECK(seen[0]["headers"] ==
        nlohmann::json::parse(R"([["schema-version","1"],["twice","a"],["twice",""]])"));
  CHECK(seen[1]["key"] == "");
  CHECK(seen[1]["value"] == "");
  CHECK(seen[2]["key"].is_null());
  CHECK(seen[2]["timestamp"] > 1'600'000'000'000);  // now
  CHECK(seen[3]["value"].is_null());
}

TEST_CASE("keyless records are spread over the partitions") {
  Fixture fixture;
  std::map<std::uint32_t, int> by_partition;
  for (int round = 0; round < 20; ++round)
    for (const auto& delivery : fixture.deliver({Record{.key = {}, .value = "v", .headers = {}}}))
      ++by_partition[delivery.partition];
  CHECK(by_partition.size() > 3);
}

TEST_CASE("what a topic was made with is what is described, and its records are counted") {
  Fixture fixture{3};
  TopicAdmin& admin = *fixture.admin;
  const std::string table = fixture.topic + "-table";
  REQUIRE(admin.create({.name = table,
                        .partitions = 2,
                        .replication = 1,
                        .retention = 3h,
                        .cleanup = Cleanup::kCompact}));
  const auto described = admin.describe(table);
  REQUIRE(described);
  CHECK(described->partitions == 2);
  CHECK(described->replication == 1);
  CHECK(described->retention == 3h);
  CHECK(described->cleanup == Cleanup::kCompact);
  CHECK(admin.describe(fixture.topic)->cleanup == Cleanup::kDelete);
  CHECK(admin.create({.name = table}).error().kind == ErrorKind::kInvalid);
  CHECK(admin.describe("no-such-topic").error().kind == ErrorKind::kNotFound);

  REQUIRE(fixture.deliver({Record{.key = "1", .value = "v", .headers = {}}}).front().status);
  const auto ranges = admin.offsets(fixture.topic);
  REQUIRE(ranges);
  std::int64_t records = 0;
  for (const OffsetRange& range : *ranges)
    records += range.end - range.begin;
  CHECK(records == 1);
  CHECK(*admin.committed(fixture.topic, "nobody") == std::vector<std::int64_t>{-1, -1, -1});
}

TEST_CASE("a record for a topic that is not there, and one too large, fail with what to do") {
  Fixture fixture{1};
  KafkaSinkOptions options{.kafka = fixture.options};
  options.kafka.properties["topic.metadata.propagation.max.ms"] = "500";
  KafkaSink sink{options};
  const Status taken = sink.append("no-such-topic", {.key = {}, .value = "v", .headers = {}}, 1);
  std::vector<RecordSink::Delivery> known;
  if (taken) {
    CHECK(sink.flush(20s));
    sink.poll(known);
    REQUIRE(known.size() == 1);
    CHECK(known[0].status.error().kind == ErrorKind::kNotFound);
  } else {
    CHECK(taken.error().kind == ErrorKind::kNotFound);
  }
  const Status large = sink.append(
      fixture.topic, {.key = {}, .value = std::string(2'000'000, 'x'), .headers = {}}, 2);
  CHECK(large.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(std::string{large.message()}, Catch::Contains("message.max.bytes"));
}
