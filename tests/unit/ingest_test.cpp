#include "services/coldchain/ingest.hpp"

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "services/coldchain/report_lines.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::ingest;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;
const std::string kToken = "B12F31EBDDF2D982895195964FEAB0065031430B";
const std::string kAuth = "64089519511846157";

std::string report(int device = 123, std::int64_t time = kNow) {
  return R"({"gateway":{"id":7,"token":")" + kToken + R"("},"device":{"id":)" +
         std::to_string(device) + R"(,"auth":)" + kAuth + R"(},"reading":{"temp":4.5,"time":)" +
         std::to_string(time) + R"(,"batt":75}})";
}

http::Request post(std::string body, std::string type = "application/x-ndjson") {
  http::Request request;
  request.method = http::Method::kPost;
  request.path = "/v1/reports";
  request.headers = {{"content-type", std::move(type)}};
  request.body = std::move(body);
  return request;
}

class SetClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return instant; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return from_millis(kNow); }
  Instant instant{};
};

/// An ingest over a log that does what the test says.
struct World {
  World() = default;
  explicit World(std::uint32_t max_waiting) : most(max_waiting) {}

  /// The answer, if there is one by now.
  std::optional<http::Response>& send(http::Request request) {
    auto& slot = *answers.emplace_back(std::make_unique<std::optional<http::Response>>());
    ingest.accept(request, [&slot](http::Response response) { slot = std::move(response); });
    return slot;
  }
  std::optional<http::Response>& send(std::string body) { return send(post(std::move(body))); }
  /// Ends the oldest append.
  void complete(Status status = {}) {
    REQUIRE_FALSE(pending.empty());
    const auto done = std::move(pending.front());
    pending.erase(pending.begin());
    done(std::move(status));
  }
  double sample(const std::string& name, const std::string& label = "") const {
    for (const host::Sample& each : ingest.stats().samples())
      if (each.name == name && (label.empty() || each.labels.at(0).second == label))
        return each.value;
    return -1;
  }

  std::uint32_t most = 8;
  SetClock clock;
  Status queue;  // what an append is answered at once
  std::vector<Record> appended;
  std::vector<std::function<void(Status)>> pending;
  std::vector<std::unique_ptr<std::optional<http::Response>>> answers;
  Ingest ingest{[this](const std::vector<Record>& records, std::function<void(Status)> done) {
                  if (!queue) return queue;
                  appended.insert(appended.end(), records.begin(), records.end());
                  pending.push_back(std::move(done));
                  return Status{};
                },
                most, clock};
};

std::string header(const http::Response& response, std::string_view name) {
  return std::string{http::find_header(response.headers, name)};
}

bool holds_secret(const std::string& text) {
  return text.find(kToken) != std::string::npos || text.find(kAuth) != std::string::npos;
}

}  // namespace

TEST_CASE("a body is taken apart at its newlines, and each report kept byte for byte") {
  const std::string spaced = "  " + report(2) + " ";
  const auto lines =
      read_lines(report(1) + "\n\n" + spaced + "\r\n \t\r\n" + report(3), from_millis(kNow));
  CHECK(lines.faults.empty());
  CHECK(lines.lines == 3);
  REQUIRE(lines.records.size() == 3);
  CHECK(lines.records[0].value == report(1));
  CHECK(lines.records[1].value == spaced);
  CHECK(lines.records[2].value == report(3));
  CHECK(lines.records[2].key == "3");
  CHECK(lines.records[2].timestamp == from_millis(kNow));
}

TEST_CASE("a body of blank lines holds nothing") {
  CHECK(read_lines("", from_millis(kNow)).lines == 0);
  CHECK(read_lines("\n \r\n\t", from_millis(kNow)).lines == 0);
}

TEST_CASE("faulty lines are named by number and reason, the first fifty of them") {
  std::string body = report() + "\n\n";
  for (int i = 0; i < 60; ++i)
    body += "{}\n";
  const auto lines = read_lines(body + report(), from_millis(kNow));
  CHECK(lines.lines == 62);
  CHECK(lines.faulty_lines == 60);
  REQUIRE(lines.faults.size() == kMaxFaults);
  CHECK(lines.faults.front().line == 3);
  CHECK(lines.faults.back().line == 52);
  CHECK(lines.faults.front().reason == coldchain::RejectReason::kMissingField);
}

TEST_CASE("202 comes when the reports are durable, not before") {
  World world;
  auto& answer = world.send(report(1) + "\n" + report(2) + "\n");
  CHECK_FALSE(answer);
  CHECK(world.ingest.stats().waiting() == 1);
  world.clock.instant += 3ms;
  world.complete();
  REQUIRE(answer);
  CHECK(answer->status == 202);
  CHECK(answer->body == "{\"accepted\":2}\n");
  CHECK(world.ingest.stats().waiting() == 0);
  REQUIRE(world.appended.size() == 2);
  CHECK(world.appended[1].key == "2");
  CHECK(world.sample("coldchain_ingest_requests_total", "202") == 1);
  CHECK(world.sample("coldchain_ingest_reports_total") == 2);
  CHECK(world.sample("coldchain_ingest_bytes_total") == 2.0 * double(report().size()) - 2);
  CHECK(world.sample("coldchain_ingest_durable_seconds_bucket", "0.0025") == 0);
  CHECK(world.sample("coldchain_ingest_durable_seconds_bucket", "0.005") == 1);
  CHECK(world.sample("coldchain_ingest_durable_seconds_bucket", "+Inf") == 1);
  CHECK(world.sample("coldchain_ingest_durable_seconds_sum") == Approx(0.003));
}

TEST_CASE("the trace that a request belongs to goes on with its records, when it is sampled") {
  World w;
  const std::string sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const std::string& sent : {sampled, sampled.substr(0, 53) + "00", std::string{"nonsense"}}) {
    http::Request request = post(report());
    request.headers.push_back({"traceparent", sent});
    w.send(std::move(request));
    w.complete();
  }
  REQUIRE(w.appended.size() == 3);
  REQUIRE(w.appended[0].headers.size() == 1);
  CHECK(w.appended[0].headers[0] == RecordHeader{"traceparent", sampled});
  CHECK(w.appended[1].headers.empty());
  CHECK(w.appended[2].headers.empty());
}

TEST_CASE("one faulty line refuses the whole request, with reasons and without secrets") {
  World world;
  const std::string cut = report(4).substr(0, report(4).size() - 2);
  const std::string bad_battery = [] {
    std::string text = report(5);
    return text.replace(text.find("75}"), 2, "140");
  }();
  auto& answer = world.send(report(1) + "\n" + cut + "\n" + bad_battery + "\n");
  REQUIRE(answer);
  CHECK(answer->status == 400);
  CHECK(answer->content_type == "application/problem+json");
  CHECK(world.appended.empty());
  CHECK(world.ingest.stats().waiting() == 0);
  const auto body = nlohmann::json::parse(answer->body);
  CHECK(body["status"] == 400);
  CHECK(body["faulty_lines"] == 2);
  REQUIRE(body["faults"].size() == 2);
  CHECK(body["faults"][0]["line"] == 2);
  CHECK(body["faults"][0]["reason"] == "malformed_json");
  CHECK(body["faults"][1]["line"] == 3);
  CHECK(body["faults"][1]["reason"] == "out_of_range");
  CHECK(body["faults"][1]["text"].get<std::string>().find("batt") != std::string::npos);
  CHECK_FALSE(holds_secret(answer->body));
}

TEST_CASE("an answer is JSON whatever bytes were sent, and quotes no secret") {
  World world;
  for (const std::string& body :
       {std::string{"\xff\xfe\x00\x01", 4}, "\"" + kToken + "\"", "{\"" + kToken + "\":1}",
        report().replace(report().find(kAuth), 1, "\""), kToken, "{\"device\":" + kAuth + "}",
        R"({"gateway":{"id":1,"token":[")" + kToken + "\"]}}"}) {
    auto& answer = world.send(body);
    REQUIRE(answer);
    CHECK(answer->status == 400);
    CHECK(nlohmann::json::parse(answer->body)["faults"].size() == 1);
    CHECK_FALSE(holds_secret(answer->body));
  }
}

TEST_CASE("a line that is too large is 413, and a body without a report is 400") {
  World world;
  const std::string large = R"({"note":")" + std::string(70'000, 'x') + "\"," + report().substr(1);
  auto& too_large = world.send(report() + "\n" + large);
  REQUIRE(too_large);
  CHECK(too_large->status == 413);
  CHECK(nlohmann::json::parse(too_large->body)["faults"][0]["reason"] == "too_large");
  auto& empty = world.send("\n\n");
  REQUIRE(empty);
  CHECK(empty->status == 400);
  CHECK(world.appended.empty());
}

TEST_CASE("a reading from the future is refused by the time of the request") {
  World world;
  const std::int64_t most = kNow + 5 * 60 * 1000;
  CHECK_FALSE(world.send(report(1, most)));
  auto& answer = world.send(report(1, most + 1));
  REQUIRE(answer);
  CHECK(nlohmann::json::parse(answer->body)["faults"][0]["reason"] == "clock_skew");
}

TEST_CASE("other types than JSON, and compressed bodies, are 415") {
  World world;
  const auto status_of = [&](http::Request request) {
    auto& answer = world.send(std::move(request));
    return answer ? answer->status : 0;  // 0: taken, waits for the disk
  };
  CHECK(status_of(post(report(), "application/json")) == 0);
  CHECK(status_of(post(report(), " Application/JSON ; charset=utf-8")) == 0);
  CHECK(status_of(post(report(), "application/jsonl")) == 0);
  CHECK(status_of(post(report(), "")) == 0);
  CHECK(status_of(post(report(), "application/x-www-form-urlencoded")) == 415);
  CHECK(status_of(post(report(), "text/json")) == 415);
  http::Request compressed = post(report());
  compressed.headers.push_back({"Content-Encoding", "gzip"});
  CHECK(status_of(compressed) == 415);
}

TEST_CASE("a full queue is 429 with the time to wait") {
  World world;
  world.queue = Status{ErrorKind::kUnavailable, "full"};
  auto& answer = world.send(report());
  REQUIRE(answer);
  CHECK(answer->status == 429);
  CHECK(header(*answer, "Retry-After") == "1");
  CHECK(world.ingest.stats().waiting() == 0);
  CHECK(world.sample("coldchain_ingest_requests_total", "429") == 1);
}

TEST_CASE("so many requests wait for the disk; one more is 429, until one is done") {
  World world{2};
  CHECK_FALSE(world.send(report(1)));
  CHECK_FALSE(world.send(report(2)));
  auto& third = world.send(report(3));
  REQUIRE(third);
  CHECK(third->status == 429);
  CHECK(header(*third, "Retry-After") == "1");
  CHECK(world.appended.size() == 2);
  world.complete();
  CHECK_FALSE(world.send(report(4)));
  CHECK(world.pending.size() == 2);
}

TEST_CASE("a disk that does not take the reports, and a log that was closed, are 503") {
  World world;
  auto& failed = world.send(report());
  world.complete({ErrorKind::kUnavailable, "no space left on /secret/path"});
  REQUIRE(failed);
  CHECK(failed->status == 503);
  CHECK(header(*failed, "Retry-After") == "1");
  CHECK(failed->body.find("/secret/path") == std::string::npos);
  CHECK(world.sample("coldchain_ingest_reports_total") == 0);
  CHECK(world.ingest.stats().waiting() == 0);

  world.queue = Status{ErrorKind::kClosed, "closed"};
  auto& closed = world.send(report());
  REQUIRE(closed);
  CHECK(closed->status == 503);
}

TEST_CASE("while draining new requests are 503, and those under way are answered") {
  World world;
  auto& before = world.send(report(1));
  world.ingest.drain();
  auto& after = world.send(report(2));
  REQUIRE(after);
  CHECK(after->status == 503);
  CHECK(header(*after, "Retry-After") == "1");
  CHECK(world.appended.size() == 1);
  world.complete();
  REQUIRE(before);
  CHECK(before->status == 202);
}

TEST_CASE("an append under way may outlive the ingest") {
  std::function<void(Status)> done;
  const SetClock clock;
  int status = 0;
  {
    Ingest ingest{[&](const std::vector<Record>&, std::function<void(Status)> later) {
                    done = std::move(later);
                    return Status{};
                  },
                  1, clock};
    ingest.accept(post(report()), [&](http::Response response) { status = response.status; });
  }
  done({});
  CHECK(status == 202);
}

TEST_CASE_METHOD(log::testing::LogFixture, "a batch is in the topic, whole, when it is done") {
  const AppendReports append = append_to(open(), "reports");
  const auto lines = read_lines(report(1) + "\n" + report(2), from_millis(kNow));
  std::promise<Status> promise;
  REQUIRE(append(lines.records, [&](Status status) { promise.set_value(std::move(status)); }));
  REQUIRE(promise.get_future().get());
  std::vector<std::string> found;
  for (std::uint32_t p = 0; p < log->stats().topics.at(0).partitions.size(); ++p)
    for (const SourceRecord& record : log::testing::read_all(*log, "reports", p)) {
      CHECK(record.record.timestamp == from_millis(kNow));
      found.push_back(*record.record.key + " " + record.record.value);
    }
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{"1 " + report(1), "2 " + report(2)});
}

TEST_CASE_METHOD(log::testing::LogFixture,
                 "a batch for which the queue has no room leaves nothing") {
  options.max_queued_bytes = 300;  // less than two reports
  const AppendReports append = append_to(open(), "reports");
  const auto two = read_lines(report(1) + "\n" + report(2), from_millis(kNow));
  const Status refused = append(two.records, [](Status) {});
  CHECK(refused.is_retryable());
  const auto one = read_lines(report(3), from_millis(kNow));
  std::promise<Status> promise;
  REQUIRE(append(one.records, [&](Status status) { promise.set_value(std::move(status)); }));
  REQUIRE(promise.get_future().get());
  CHECK(log->stats().appended_records == 1);
}
