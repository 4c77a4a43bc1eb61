#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/control_routes.hpp"
#include "spouts/dead_letter.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/parts/dead_letters_part.hpp"
#include "topologies/parts/log_part.hpp"

using namespace bora;
using namespace bora::parts;
using namespace std::chrono_literals;
using http::Method;
using nlohmann::json;

namespace {

constexpr std::int64_t kT0 = 1'466'380'800'000;

/// A part over a log with `reports`, and what answers its routes.
struct Desk {
  Desk() {
    options.path = directory.path() / "topics";
    options.durability = log::Durability::kUnsynced;
    log = std::make_unique<LogPart>(options, clock);
    REQUIRE(log->start().is_ok());
    part = std::make_unique<DeadLettersPart>(std::vector<std::string>{"reports", "readings"}, *log,
                                             clock);
    REQUIRE(part->start().is_ok());
    host::ControlRoutes made;
    part->add_routes(made);
    routes = std::move(made).take();
  }
  ~Desk() {
    part->stop(0ms);
    log->stop(0ms);
  }

  /// Letters of messages that failed one minute after another.
  void fail(int from, int to) {
    std::vector<Record> letters;
    for (int n = from; n < to; ++n) {
      Record original;
      original.key = std::to_string(n % 5);
      original.value = R"({"n":)" + std::to_string(n) + R"(,"token":"B12F"})";
      original.headers = {{"authorization", "Basic x"}};
      DeadLetterContext context;
      context.topic = "reports";
      context.reason = "no " + std::to_string(n);
      context.failed_at = from_millis(kT0 + n * 60'000);
      letters.push_back(dead_letter(original, context));
    }
    REQUIRE(log->log().append("reports.dlq", letters).is_ok());
  }

  http::Response call(Method method, const std::string& path, http::Request request = {}) const {
    for (const host::ControlRoute& route : routes)
      if (route.method == method && route.path == path)
        return std::get<http::Server::Handler>(route.handler)(request);
    FAIL("no route " << path);
    return {};
  }
  http::Response letters(const std::string& topic, const std::string& query = "") const {
    http::Request request;
    request.parameters = {{"topic", topic}};
    request.query = query;
    return call(Method::kGet, "/api/v1/dead-letters/{topic}", request);
  }
  http::Response replay(const std::string& topic) const {
    http::Request request;
    request.parameters = {{"topic", topic}};
    return call(Method::kPost, "/api/v1/dead-letters/{topic}/replay", request);
  }
  json counts() const { return json::parse(call(Method::kGet, "/api/v1/dead-letters").body); }
  std::int64_t appended(const std::string& topic) const {
    std::int64_t records = 0;
    for (const auto& known : log->log().stats().topics)
      if (known.topic == topic)
        for (const auto& partition : known.partitions)
          records += partition.end_offset;
    return records;
  }
  bool has_nothing_waiting() const {
    for (int i = 0; i < 3'000; ++i) {
      if (counts()["topics"][0]["waiting"] == 0) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  log::testing::ScratchDirectory directory;
  SystemClock clock;
  log::LogOptions options;
  std::unique_ptr<LogPart> log;
  std::unique_ptr<DeadLettersPart> part;
  std::vector<host::ControlRoute> routes;
};

}  // namespace

TEST_CASE("Dead letters are counted by topic, also where there never was one") {
  const Desk desk;
  CHECK(desk.counts() == json::parse(R"({"topics":[
    {"topic":"reports","letters":0,"waiting":0},{"topic":"readings","letters":0,"waiting":0}]})"));
  CHECK(json::parse(desk.letters("readings").body)["letters"].empty());
}

TEST_CASE("The newest letters of all partitions come first, with reasons and without secrets") {
  Desk desk;
  desk.fail(0, 30);
  CHECK(desk.counts()["topics"][0]["letters"] == 30);
  const json shown = json::parse(desk.letters("reports", "limit=7").body)["letters"];
  REQUIRE(shown.size() == 7);
  for (std::size_t i = 0; i < shown.size(); ++i)
    CHECK(shown[i]["headers"]["bora.dlq.reason"] == "no " + std::to_string(29 - i));
  CHECK(shown[0]["at"] == "2016-06-20T00:29:00.000Z");
  CHECK(shown[0]["key"] == "4");
  CHECK(json::parse(shown[0]["value"].get<std::string>()) ==
        json::parse(R"({"n":29,"token":"***"})"));
  CHECK(shown[0]["headers"]["authorization"] == "***");
}

TEST_CASE("An unknown topic and a limit that is none are refused") {
  const Desk desk;
  CHECK(desk.letters("nobody").status == 404);
  CHECK(desk.replay("nobody").status == 404);
  for (const char* limit : {"limit=0", "limit=201", "limit=x", "limit=-1"})
    CHECK(desk.letters("reports", limit).status == 400);
}

TEST_CASE("A replay writes each letter back once, and a second one only those that came since") {
  Desk desk;
  desk.fail(0, 30);
  const auto begun = desk.replay("reports");
  CHECK(begun.status == 202);
  CHECK(json::parse(begun.body)["waiting"] == 30);
  CHECK(desk.has_nothing_waiting());
  CHECK(desk.appended("reports") == 30);

  desk.fail(30, 32);
  auto again = desk.replay("reports");
  for (int i = 0; again.status == 409 && i < 3'000; ++i) {  // the first one says goodbye
    std::this_thread::sleep_for(10ms);
    again = desk.replay("reports");
  }
  CHECK(again.status == 202);
  CHECK(desk.has_nothing_waiting());
  CHECK(desk.appended("reports") == 32);
}
