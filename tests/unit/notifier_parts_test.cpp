// The pieces of the notifier that decide without sending anything.

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bolts/notifier/circuit_breaker.hpp"
#include "bolts/notifier/delivery_book.hpp"
#include "bolts/notifier/file_notifier.hpp"
#include "bolts/notifier/verdict.hpp"
#include "bora/testing/manual_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::notify;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{};
constexpr WallTime kNow = WallTime{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT

http::Response answer(int status, std::vector<http::Header> headers = {}) {
  return {.status = status, .content_type = {}, .body = "why", .headers = std::move(headers)};
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

std::vector<Notifier::Outcome> outcomes_of(Notifier& notifier) {
  std::vector<Notifier::Outcome> outcomes;
  notifier.poll(outcomes);
  return outcomes;
}

}  // namespace

TEST_CASE("circuit breaker: so many failures in a row open it, and a success between starts over") {
  CircuitBreaker breaker{{.failures = 3}};
  for (const bool works : {false, false, true, false, false}) {
    const auto call = breaker.admit(kStart);
    REQUIRE(call);
    works ? breaker.succeeded(*call) : breaker.failed(*call, kStart);
  }
  CHECK_FALSE(breaker.is_open());
  breaker.failed(breaker.admit(kStart).value(), kStart);
  CHECK(breaker.is_open());
  CHECK_FALSE(breaker.admit(kStart + 999ms));
}

TEST_CASE("circuit breaker: one call on trial closes it, or doubles the pause up to its bound") {
  CircuitBreaker breaker{{.failures = 1, .first_pause = 1s, .max_pause = 3s}};
  breaker.failed(breaker.admit(kStart).value(), kStart);
  Instant now = kStart + 1s;
  for (const auto pause : {2s, 3s, 3s}) {
    const auto trial = breaker.admit(now);
    REQUIRE(trial);
    CHECK_FALSE(breaker.admit(now));
    breaker.failed(*trial, now);
    CHECK_FALSE(breaker.admit(now + pause - 1ms));
    now += pause;
  }
  breaker.succeeded(breaker.admit(now).value());
  CHECK_FALSE(breaker.is_open());
  breaker.failed(breaker.admit(now).value(), now);
  CHECK(breaker.opens_until() == now + 1s);
}

TEST_CASE("circuit breaker: calls that went out before it opened neither close it nor prolong it") {
  CircuitBreaker breaker{{.failures = 1, .first_pause = 1s}};
  const auto first = breaker.admit(kStart).value();
  const auto second = breaker.admit(kStart).value();
  const auto third = breaker.admit(kStart).value();
  breaker.failed(first, kStart);
  breaker.failed(second, kStart + 900ms);
  CHECK(breaker.opens_until() == kStart + 1s);
  const auto trial = breaker.admit(kStart + 1s);
  REQUIRE(trial);
  breaker.succeeded(third);
  CHECK(breaker.is_open());
  breaker.succeeded(*trial);
  CHECK_FALSE(breaker.is_open());
}

TEST_CASE("circuit breaker: who asks to be left alone is, at once and within bounds") {
  CircuitBreaker breaker{{.failures = 5, .first_pause = 1s, .max_asked_pause = 1h}};
  breaker.failed(breaker.admit(kStart).value(), kStart, 7s);
  CHECK(breaker.opens_until() == kStart + 7s);
  const Instant later = kStart + 7s;
  const auto trial = breaker.admit(later).value();
  breaker.failed(trial, later, 24h);
  CHECK(breaker.opens_until() == later + 1h);
  breaker.failed(trial - 1, later + 1min, 1h);  // one that was under way all the time
  CHECK(breaker.opens_until() == later + 1min + 1h);
}

TEST_CASE("verdict: every answer is told, refused, or to be sent again") {
  for (const int status : {200, 201, 202, 204, 299})
    CHECK(judge(answer(status), kNow).status);
  for (const int status : {301, 304, 400, 401, 403, 404, 409, 413, 422, 499}) {
    INFO(status);
    CHECK(judge(answer(status), kNow).status.error().kind == ErrorKind::kInvalid);
  }
  for (const int status : {408, 425, 429, 500, 501, 502, 503, 504, 599}) {
    INFO(status);
    CHECK(judge(answer(status), kNow).status.error().kind == ErrorKind::kUnavailable);
  }
  for (const ErrorKind kind : {ErrorKind::kUnavailable, ErrorKind::kInvalid, ErrorKind::kClosed})
    CHECK(judge(Error{kind, "no answer"}, kNow).status.error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("verdict: the reason holds the status and what the server said, as one line") {
  http::Response refused = answer(400);
  refused.body = "no such\nphone \xFF" + std::string(500, 'x');
  const std::string reason{judge(refused, kNow).status.message()};
  CHECK(reason.substr(0, 51) == "it answered 400 Bad Request: no such phone  xxxxxxx");
  CHECK(reason.size() < 250);
}

TEST_CASE("verdict: Retry-After is seconds or a date, and nothing else") {
  CHECK(parse_retry_after("120", kNow) == 120s);
  CHECK(parse_retry_after("0", kNow) == 0s);
  CHECK(parse_retry_after("99999999999999999999", kNow) == 24h * 365);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", kNow) == 60s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", kNow) == 0s);
  for (const char* text : {"", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:50:37 CET",
                           "Sun, 31 Feb 1994 08:50:37 GMT", "Sun, 06 Xxx 1994 08:50:37 GMT"}) {
    INFO(text);
    CHECK_FALSE(parse_retry_after(text, kNow));
  }
  CHECK(judge(answer(503, {{"retry-after", "3"}}), kNow).retry_after == 3s);
  CHECK_FALSE(judge(answer(400, {{"Retry-After", "3"}}), kNow).retry_after);
}

TEST_CASE("delivery book: a key is under way once, and told ones are remembered, the last few") {
  DeliveryBook book{2};
  const auto a = book.begin("a");
  const auto b = book.begin("b");
  CHECK(book.find("a") == a);
  CHECK(book.under_way() == 2);
  book.end(a);
  CHECK_FALSE(book.find("a"));
  CHECK_FALSE(book.was_told("a"));
  book.end_told(b);
  CHECK(book.was_told("b"));
  CHECK(book.under_way() == 0);
  for (const char* key : {"c", "d"})
    book.end_told(book.begin(key));
  CHECK_FALSE(book.was_told("b"));
  CHECK(book.was_told("c"));
  CHECK(book.was_told("d"));
  CHECK(book.slots() == 2);
}

TEST_CASE("file notifier: a notification is a line of JSON, told when the file was synced") {
  const bora::testing::TemporaryDirectory directory;
  const auto path = directory.path() / "new" / "told.jsonl";
  const bora::testing::ManualClock clock;
  FileNotifier notifier{{.path = path}, clock};
  REQUIRE(notifier.send({.key = "1-x", .phone = "+1", .text = "a\nb", .body = R"({"v":1})"}, 7));
  REQUIRE(notifier.send({.key = "2-x"}, 8));
  CHECK(outcomes_of(notifier).empty());
  notifier.flush(0ms);
  const auto outcomes = outcomes_of(notifier);
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].tag == 7);
  CHECK(outcomes[0].status);
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 2);
  const std::string at = std::to_string(to_millis(clock.wall_now()));
  CHECK(lines[0] ==
        R"({"at":)" + at + R"(,"key":"1-x","phone":"+1","text":"a\nb","body":{"v":1}})");
  CHECK(lines[1] == R"({"at":)" + at + R"(,"key":"2-x"})");
}

TEST_CASE("file notifier: a torn line is ended before the next is written") {
  const bora::testing::TemporaryDirectory directory;
  const auto path = directory.path() / "told.jsonl";
  std::ofstream{path} << "{\"at\":1}\n{\"at\":";
  const bora::testing::ManualClock clock;
  FileNotifier notifier{{.path = path}, clock};
  REQUIRE(notifier.send({.key = "k"}, 1));
  notifier.flush(0ms);
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "{\"at\":");
  CHECK(nlohmann::json::accept(lines[2]));
}

TEST_CASE("file notifier: a file that cannot be written is unavailable, and is tried again") {
  const bora::testing::TemporaryDirectory directory;
  const auto path = directory.path() / "told.jsonl";
  std::filesystem::create_directory(path);  // in the way
  const bora::testing::ManualClock clock;
  FileNotifier notifier{{.path = path}, clock};
  REQUIRE(notifier.send({.key = "k"}, 1));
  notifier.flush(0ms);
  const auto failed = outcomes_of(notifier);
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].status.is_retryable());
  CHECK(failed[0].status.message().find(path.string()) != std::string::npos);
  std::filesystem::remove(path);
  REQUIRE(notifier.send({.key = "k"}, 2));
  notifier.flush(0ms);
  CHECK(outcomes_of(notifier).at(0).status);
  CHECK(lines_of(path).size() == 1);
}

TEST_CASE("file notifier: a body that is no JSON is refused, as it would break the file's lines") {
  const bora::testing::TemporaryDirectory directory;
  const bora::testing::ManualClock clock;
  FileNotifier notifier{{.path = directory.path() / "told.jsonl"}, clock};
  CHECK(notifier.send({.key = "k", .body = "{"}, 1).error().kind == ErrorKind::kInvalid);
}
