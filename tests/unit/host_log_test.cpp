#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/line_writer.hpp"
#include "host/log.hpp"
#include "host/log_format.hpp"
#include "host/message_reference.hpp"

using namespace bora::host;
using namespace std::chrono_literals;

namespace {

struct ManualClock final : bora::Clock {
  [[nodiscard]] bora::Instant now() const noexcept override { return bora::Instant{} + passed; }
  [[nodiscard]] bora::WallTime wall_now() const noexcept override {
    return bora::from_millis(1'936'163'289'010) + passed;
  }
  std::chrono::milliseconds passed{};
};

struct Written {
  ManualClock clock;
  std::vector<std::string> lines;
  LogOptions options(LogFormat format, LogLevel level = LogLevel::kInfo) {
    LogOptions options;
    options.format = format;
    options.level = level;
    options.clock = &clock;
    options.repeats = 2;
    options.sink = [this](std::string_view line) { lines.emplace_back(line); };
    return options;
  }
};

}  // namespace

TEST_CASE_METHOD(Written, "a line of logfmt quotes what needs it") {
  Log log{options(LogFormat::kLogfmt)};
  log.warn("component failed", {{"component", "parse[0]"},
                                {"err", "bad \"x\"\n"},
                                {"n", -3},
                                {"ratio", 0.25},
                                {"ok", false},
                                {"none", ""}});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "ts=2031-05-10T07:08:09.010Z level=warn msg=\"component failed\" component=parse[0] "
        "err=\"bad \\\"x\\\"\\n\" n=-3 ratio=0.25 ok=false none=\"\"\n");
}

TEST_CASE_METHOD(Written, "a line of JSON is one object on one line whatever its fields hold") {
  Log log{options(LogFormat::kJson)};
  const std::string hostile = "a\"b\\c\n\r\t\x01 \xff\xfe \xc3\xa9";
  log.info("m", {{"err", hostile},
                 {"big", std::numeric_limits<std::uint64_t>::max()},
                 {"nan", std::numeric_limits<double>::quiet_NaN()}});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\n') == lines[0].size() - 1);
  const auto parsed = nlohmann::json::parse(lines[0]);
  CHECK(parsed["@timestamp"] == "2031-05-10T07:08:09.010Z");
  CHECK(parsed["log.level"] == "info");
  CHECK(parsed["err"] == "a\"b\\c\n\r\t\x01 \xef\xbf\xbd\xef\xbf\xbd \xc3\xa9");
  CHECK(parsed["big"] == std::numeric_limits<std::uint64_t>::max());
  CHECK(parsed["nan"].is_null());
}

TEST_CASE_METHOD(Written, "lines below the level are dropped") {
  Log log{options(LogFormat::kLogfmt, LogLevel::kWarn)};
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  CHECK(lines.size() == 2);
}

TEST_CASE_METHOD(Written, "repeats within an interval are held back and then counted") {
  Log log{options(LogFormat::kLogfmt)};
  const auto say = [&](const char* component) { log.warn("failed", {{"component", component}}); };
  for (int i = 0; i < 5; ++i)
    say("a");
  say("b");  // another component is another event
  CHECK(lines.size() == 3);
  clock.passed = 9'999ms;
  say("a");
  CHECK(lines.size() == 3);
  clock.passed = 10'000ms;
  say("a");
  REQUIRE(lines.size() == 4);
  CHECK(lines[3].find("suppressed=4") != std::string::npos);
  say("a");
  REQUIRE(lines.size() == 5);
  CHECK(lines[4].find("suppressed") == std::string::npos);
}

TEST_CASE_METHOD(Written, "the same said of several services or topologies is no repeat") {
  Log log{options(LogFormat::kLogfmt)};
  for (const char* name : {"topics", "archive", "ingest"}) {
    log.info("service started", {{"service", name}});
    log.warn("component", {{"topology", name}, {"component", "parse[0]"}});
  }
  CHECK(lines.size() == 6);
}

TEST_CASE("times before 1970 and leap days are written as RFC 3339") {
  CHECK(format_time(bora::from_millis(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(bora::from_millis(951'827'696'789)) == "2000-02-29T12:34:56.789Z");
  CHECK(format_time(bora::from_millis(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a reader that does not read costs lines, not time, and is told how many") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::string read;
  const std::string line = std::string(1023, 'x') + "\n";
  constexpr int kLines = 4'000;  // four times what the queue and the pipe hold
  std::thread reader;
  {
    LineWriter writer{ends[1],
                      [](std::uint64_t lost) { return "lost " + std::to_string(lost) + "\n"; }};
    for (int i = 0; i < kLines; ++i)
      writer.push(line);  // nobody reads yet: a waiting push would hang here
    reader = std::thread{[&] {
      std::array<char, 65'536> part{};
      for (::ssize_t n = 0; (n = ::read(ends[0], part.data(), part.size())) > 0;)
        read.append(part.data(), static_cast<std::size_t>(n));
    }};
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  const auto notice = read.find("lost ");
  REQUIRE(notice != std::string::npos);
  const auto lost = std::stoul(read.substr(notice + 5));
  const auto whole = static_cast<std::size_t>(std::count(read.begin(), read.end(), '\n')) - 1;
  CHECK(lost + whole == kLines);
}

TEST_CASE("an event of the engine leads to the message that it is about") {
  CHECK(message_in("no (message 1/2) liked (message 3/77)") == MessageReference{"", 3, 77});
  CHECK(message_in("no (message reports.v1/3/77)") == MessageReference{"reports.v1", 3, 77});
  CHECK(message_in("message 0/18446744073709551615 expired after 31 s, executing in x") ==
        MessageReference{"", 0, 18446744073709551615U});
  CHECK(message_in("message reports/2/9 expired after 31 s (or so)") ==
        MessageReference{"reports", 2, 9});
  for (const char* none :
       {"", "no answer", "failed (an untracked tuple)", "(message 3/77) it said", "x (message 3)",
        "x (message a/b)", "x (message t/1/2x)", "message ", "message 5"})
    CHECK_FALSE(message_in(none));
}
