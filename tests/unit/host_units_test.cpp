#include <chrono>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "host/nearest.hpp"
#include "host/units.hpp"
#include "host/url.hpp"

using namespace bora::host;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their unit") {
  CHECK(parse_duration("250us").value() == 250us);
  CHECK(parse_duration("500ms").value() == 500ms);
  CHECK(parse_duration("3s").value() == 3s);
  CHECK(parse_duration("10m").value() == 10min);
  CHECK(parse_duration("2h").value() == 2h);
  CHECK(parse_duration("1d").value() == 24h);
  CHECK(parse_duration("0").value() == 0s);
}

TEST_CASE("what is no duration is refused with the way to write one") {
  for (const char* text :
       {"", "5", "ms", "-5s", " 5s", "5 s", "1.5s", "5S", "5min", "1m30s", "0x10s"}) {
    const auto parsed = parse_duration(text);
    INFO(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find("500ms") != std::string::npos);
  }
}

TEST_CASE("a duration beyond 64 bits of nanoseconds is too large, not small") {
  CHECK(parse_duration("106751d"));  // 292 years
  for (const char* text : {"106752d", "9223372036854775808ns", "99999999999999999999s",
                           "18446744073709551616ns", "5124095576030432h"})
    CHECK(parse_duration(text).error().message == "\"" + std::string{text} + "\" is too large");
}

TEST_CASE("sizes are read in powers of two and of ten") {
  CHECK(parse_bytes("512B").value() == 512);
  CHECK(parse_bytes("64KiB").value() == 65'536);
  CHECK(parse_bytes("16MiB").value() == 16'777'216);
  CHECK(parse_bytes("2GB").value() == 2'000'000'000);
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("8388607TiB"));
  CHECK(parse_bytes("8388608TiB").error().message == "\"8388608TiB\" is too large");
  for (const char* text : {"16", "16mib", "16 MiB", "-1B", "1.5GiB", "MiB"})
    CHECK_FALSE(parse_bytes(text));
}

TEST_CASE("quantities are written so that they read back as the same") {
  for (const auto duration : {0ns, 1ns, 250000ns, 1500000000ns, 600000000000ns, 86400000000000ns})
    CHECK(parse_duration(format_duration(duration)).value() == duration);
  for (const std::uint64_t bytes : {0ull, 1ull, 1000ull, 65536ull, 16777217ull, 1ull << 40})
    CHECK(parse_bytes(format_bytes(bytes)).value() == bytes);
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(60s) == "1m");
  CHECK(format_bytes(16u << 20) == "16MiB");
}

TEST_CASE("whole numbers must be whole and fit") {
  CHECK(parse_integer("-7").value() == -7);
  for (const char* text : {"", "7x", "1e3", "1.0", "+1", "9223372036854775808"})
    CHECK_FALSE(parse_integer(text));
}

TEST_CASE("a URL has a scheme and a rest, and hides its password") {
  const Url url = Url::parse("redis://app:s3cret@cache:6379/0").value();
  CHECK(url.scheme() == "redis");
  CHECK(url.rest() == "app:s3cret@cache:6379/0");
  CHECK(url.masked() == "redis://app:***@cache:6379/0");
  CHECK(Url::parse("redis://:s3cret@cache").value().masked() == "redis://:***@cache");
  CHECK(Url::parse("log:./data/topics").value().rest() == "./data/topics");
  CHECK(Url::parse("kafka://a:1,b:2").value().masked() == "kafka://a:1,b:2");
  for (const char* text : {"", "data", "log:", "Log:x", ":x", "log://"})
    CHECK_FALSE(Url::parse(text));
}

TEST_CASE("the nearest name is the one with the fewest edits, or none when all are far") {
  CHECK(edit_distance("linger", "lnger") == 1);
  CHECK(edit_distance("linger", "lingre") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  const std::vector<std::string> names{"archive.linger", "archive.bytes", "control.port"};
  CHECK(nearest("archive.lingr", names) == "archive.linger");
  CHECK(nearest("port", names) == "control.port");
  CHECK(nearest("something.else", names).empty());
}
