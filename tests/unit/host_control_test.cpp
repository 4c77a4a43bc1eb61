#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/testing/manual_clock.hpp"
#include "host/audit_file.hpp"
#include "host/control_guard.hpp"
#include "host/control_secrets.hpp"
#include "host/log_tail.hpp"
#include "host/readiness.hpp"
#include "host/redact.hpp"
#include "host/tap.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::host;
using namespace std::chrono_literals;
using http::Header;
using http::Request;

namespace {

const std::string kToken = "0123456789abcdef";

int status_of(const ControlGuard& guard, Access access, std::vector<Header> headers) {
  Request request;
  request.headers = std::move(headers);
  const auto refused = guard.refusal(access, request);
  return refused ? refused->status : 200;
}

ControlGuard guard_of(GuardOptions options) {
  options.token = Secret{kToken};
  return ControlGuard{std::move(options)};
}

const Header kHost{"Host", "127.0.0.1:9400"};
const Header kRight{"Authorization", "Bearer " + kToken};
const Header kJson{"Content-Type", "application/json; charset=utf-8"};

}  // namespace

TEST_CASE("a change needs the right token and JSON") {
  const ControlGuard guard = guard_of({});
  CHECK(status_of(guard, Access::kChange, {kHost, kRight, kJson}) == 200);
  CHECK(status_of(guard, Access::kChange, {kHost, kJson}) == 401);
  for (const char* wrong : {"Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer ",
                            "Basic 0123456789abcdef", "0123456789abcdef"})
    CHECK(status_of(guard, Access::kChange, {kHost, {"Authorization", wrong}, kJson}) == 401);
  for (const char* wrong : {"text/plain", "application/x-www-form-urlencoded", ""})
    CHECK(status_of(guard, Access::kChange, {kHost, kRight, {"Content-Type", wrong}}) == 415);
  CHECK(status_of(ControlGuard{{}}, Access::kChange, {kHost, kRight, kJson}) == 403);
  CHECK(status_of(ControlGuard{{}}, Access::kChange,
                  {kHost, {"Authorization", "Bearer "}, kJson}) == 403);
}

TEST_CASE("a page of another site changes nothing, not even with the token") {
  const ControlGuard guard = guard_of({});
  const auto from = [&](Header header) {
    return status_of(guard, Access::kChange, {kHost, kRight, kJson, std::move(header)});
  };
  CHECK(from({"Origin", "http://127.0.0.1:9400"}) == 200);
  CHECK(from({"Origin", "http://127.0.0.1:9401"}) == 403);
  CHECK(from({"Origin", "https://127.0.0.1:9400"}) == 403);
  CHECK(from({"Origin", "null"}) == 403);
  CHECK(from({"Sec-Fetch-Site", "same-origin"}) == 200);
  CHECK(from({"Sec-Fetch-Site", "none"}) == 200);
  CHECK(from({"Sec-Fetch-Site", "same-site"}) == 403);
  CHECK(from({"Sec-Fetch-Site", "cross-site"}) == 403);
}

TEST_CASE("on loopback a name that an attacker points there is refused, even for reading") {
  const ControlGuard guard = guard_of({});
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1", "127.8.8.8:9400", "[::1]:9400"})
    CHECK(status_of(guard, Access::kRead, {{"Host", host}}) == 200);
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil", "[::1].evil",
                           "10.0.0.1:9400"}) {
    CHECK(status_of(guard, Access::kRead, {{"Host", host}}) == 403);
    CHECK(status_of(guard, Access::kOpen, {{"Host", host}}) == 403);
  }
}

TEST_CASE("from elsewhere reading needs the token, and probes do not") {
  const ControlGuard guard = guard_of({.is_loopback = false});
  const Header host{"Host", "chain.example:9400"};
  CHECK(status_of(guard, Access::kOpen, {host}) == 200);
  CHECK(status_of(guard, Access::kRead, {host}) == 401);
  CHECK(status_of(guard, Access::kRead, {host, kRight}) == 200);
  const ControlGuard open = guard_of({.is_loopback = false, .is_reading_open = true});
  CHECK(status_of(open, Access::kRead, {host}) == 200);
  CHECK(status_of(open, Access::kChange, {host, kJson}) == 401);
}

TEST_CASE("the token is made once, for the owner alone, and read again") {
  const testing::TemporaryDirectory directory;
  ControlPlaneOptions options;
  options.state_directory = (directory.path() / "state").string();
  const auto first = find_secrets(options, "raw");
  REQUIRE(first);
  CHECK(first->token.reveal().size() == 64);
  const auto file = directory.path() / "state" / "raw.token";
  struct ::stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(find_secrets(options, "raw")->token.reveal() == first->token.reveal());
  CHECK(find_secrets(options, "alerts")->token.reveal() != first->token.reveal());
  CHECK(first->audit_file == directory.path() / "state" / "raw.audit.jsonl");
  // Nothing is left of the draft that it was made from.
  CHECK(std::distance(std::filesystem::directory_iterator{directory.path() / "state"},
                      std::filesystem::directory_iterator{}) == 2);

  ::chmod(file.c_str(), 0640);
  CHECK(find_secrets(options, "raw")->token.is_empty());  // and the hint says why
  CHECK(find_secrets(options, "raw")->token_hint.find("chmod 600") != std::string::npos);
  options.token_file = file.string();  // by name: an error
  CHECK(find_secrets(options, "raw").error().message.find("chmod 600") != std::string::npos);
}

TEST_CASE("without a place for it there is no token, and a short one is refused") {
  ControlPlaneOptions options;
  REQUIRE(find_secrets(options, "raw"));
  CHECK(find_secrets(options, "raw")->token.is_empty());
  CHECK(find_secrets(options, "raw")->audit_file.empty());
  options.state_directory = "/proc/nowhere";
  CHECK(find_secrets(options, "raw")->token.is_empty());
  options.token = Secret{"short"};
  CHECK_FALSE(find_secrets(options, "raw"));
  options.token = Secret{kToken};
  CHECK(find_secrets(options, "raw")->token.reveal() == kToken);
  options.token = Secret{};
  options.token_file = "/proc/nowhere/token";
  CHECK_FALSE(find_secrets(options, "raw"));
}

TEST_CASE("the audit log takes lines, and says when it cannot") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "audit.jsonl";
  AuditFile file{path};
  REQUIRE(file.append(from_millis(0), "spout.pause", "/x\n?a=\"b\"", "127.0.0.1:1", "asked"));
  REQUIRE(file.append(from_millis(1), "spout.pause", "/x", "127.0.0.1:1", "200"));
  std::ifstream in{path};
  std::string line;
  REQUIRE(std::getline(in, line));
  CHECK(nlohmann::json::parse(line)["target"] == "/x\n?a=\"b\"");
  REQUIRE(std::getline(in, line));
  CHECK(nlohmann::json::parse(line)["outcome"] == "200");
  CHECK_FALSE(std::getline(in, line));
  AuditFile nowhere{"/proc/nowhere/audit"};
  CHECK(nowhere.append(from_millis(0), "a", "b", "c", "d").error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("what is shown of a payload has no secrets") {
  const auto shown = redacted(
      R"({"device":1,"auth":"s3cret","list":[{"Password":"s3cret","x":{"api_key":["s3cret"]}}]})");
  CHECK(shown.text ==
        R"({"device":1,"auth":"***","list":[{"Password":"***","x":{"api_key":"***"}}]})");
  CHECK_FALSE(shown.is_cut);
  CHECK(redacted("auth=s3cret").text == "(11 bytes that are no JSON)");
  CHECK(redacted(std::string(100'000, '[')).text == "(100000 bytes that are no JSON)");
  const auto cut = redacted("\"" + std::string(10, 'a') + "\xC3\xA4\"", 12);
  CHECK(cut.is_cut);
  CHECK(cut.text == "\"aaaaaaaaaa");  // not half of the letter
}

TEST_CASE("a tap gives each watcher what its rate allows, and says what it skipped") {
  testing::ManualClock clock;
  Taps taps{clock};
  const auto point = taps.point("reports");
  CHECK(taps.point("reports") == point);
  CHECK(taps.streams() == std::vector<std::string>{"reports"});
  CHECK(taps.find("readings") == nullptr);
  CHECK_FALSE(point->is_watched());
  std::vector<nlohmann::json> samples;
  bool wants_more = true;
  point->watch(2, [&](std::string_view json) {
    samples.push_back(nlohmann::json::parse(json));
    return wants_more;
  });
  CHECK(point->is_watched());
  for (std::int64_t i = 0; i < 10; ++i) {
    point->offer({.partition = 1,
                  .offset = i,
                  .headers = {{"x-token", "s3cret"}},
                  .value = R"({"auth":"s3cret"})"});
    clock.advance(100ms);
  }
  REQUIRE(samples.size() == 2);
  CHECK(samples[1]["offset"] == 5);
  CHECK(samples[1]["skipped"] == 4);
  CHECK(samples[1]["headers"]["x-token"] == "***");
  CHECK(samples[1].dump().find("s3cret") == std::string::npos);
  wants_more = false;
  point->offer({.value = "1"});
  CHECK(samples.size() == 3);
  CHECK_FALSE(point->is_watched());
}

TEST_CASE("the tail of a log keeps the newest lines within its bounds") {
  LogTail tail{3, 10};
  for (const char* line : {"1", "2", "3", "4"})
    tail.push(line);
  CHECK(tail.last(9) == std::vector<std::string>{"2", "3", "4"});
  CHECK(tail.last(1) == std::vector<std::string>{"4"});
  std::vector<std::string> seen;
  tail.watch(1, [&](std::string_view line) {
    seen.emplace_back(line);
    return seen.size() < 3;
  });
  for (const char* line : {"5", "6", "7"})
    tail.push(line);
  CHECK(seen == std::vector<std::string>{"4", "5", "6"});
  tail.push("1234567890");
  CHECK(tail.last(9) == std::vector<std::string>{"1234567890"});
}

TEST_CASE("what hangs is named: component, message and age") {
  ProcessView view;
  view.state = ProcessState::kRunning;
  TopologyView& topology = view.topologies.emplace_back();
  topology.metrics.topology = "raw";
  topology.metrics.stuck = {{"parse[0]", 9s}};
  topology.metrics.oldest = {{.spout = "reports",
                              .id = {.offset = 77, .partition = 3},
                              .age = 9s,
                              .where = "executing in parse[0] for 9 s",
                              .component = "parse"}};
  const auto reasons = reasons_unready(view, {});
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].kind == Reason::Kind::kStuck);
  CHECK(reasons[0].topology == "raw");
  CHECK(reasons[0].component == "parse");
  CHECK(reasons[0].text ==
        "parse[0] has not come back for 9 s; message reports partition 3 offset 77 is 9 s old, "
        "executing in parse[0] for 9 s");
  CHECK(reasons_dead(view, {}).empty());
  topology.metrics.stuck[0].second = 601s;
  CHECK(reasons_dead(view, {}).size() == 1);
  CHECK(reasons_dead(view, {.max_stuck_alive = 0s}).empty());
  topology.metrics.stuck[0].second = 2s;
  CHECK(reasons_unready(view, {}).empty());
}

TEST_CASE("lag, sources that fail, sinks that are away and parts keep a process from being ready") {
  ProcessView view;
  view.state = ProcessState::kRunning;
  view.now = from_millis(1'000'000);
  TopologyView& topology = view.topologies.emplace_back();
  TaskMetricsSnapshot& spout = topology.metrics.tasks.emplace_back();
  spout.component = "reports";
  spout.is_spout = true;
  const auto kinds = [&] {
    std::string text;
    for (const Reason& reason : reasons_unready(view, {.max_lag = 10}))
      text += std::string{to_string(reason.kind)} + ":" + reason.component + " ";
    return text;
  };
  CHECK(kinds().empty());
  spout.gauges = {{"lag_records", Gauge::Kind::kLevel, 10}};
  CHECK(kinds().empty());
  spout.gauges = {{"lag_records", Gauge::Kind::kLevel, 11}};
  CHECK(kinds() == "lag:reports ");
  spout.gauges = {{"source_paused", Gauge::Kind::kLevel, 1}};
  CHECK(kinds().empty());  // full, for example
  spout.gauges.push_back({"in_outage", Gauge::Kind::kLevel, 1});
  CHECK(kinds() == "sink:reports ");
  topology.metrics.errors = {{"store", {{.at = view.now - 1s, .text = "no answer from redis"}}}};
  CHECK(kinds() == "sink:store ");
  spout.gauges.clear();
  topology.metrics.errors = {
      {"reports", {{.at = view.now - 16s, .text = "reading topic x failed"}}}};
  CHECK(kinds().empty());
  topology.metrics.errors[0].last[0].at = view.now - 14s;
  CHECK(kinds() == "source:reports ");
  topology.metrics.errors.clear();
  view.unready_parts = {{"registry", "12 records behind"}};
  CHECK(kinds() == "part:registry ");
  view.unready_parts.clear();
  view.state = ProcessState::kStopping;
  CHECK(kinds() == "state: ");
}
