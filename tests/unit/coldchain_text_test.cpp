#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "topologies/coldchain/json_line.hpp"
#include "topologies/coldchain/time_text.hpp"

using namespace bora;
using namespace bora::coldchain;

namespace {

std::int64_t millis_of(const std::string& text) {
  const auto time = parse_time(text);
  INFO(text);
  REQUIRE(time);
  return to_millis(*time);
}

std::string as_json(std::string_view bytes) {
  std::string line = ">";
  append_as_json(bytes, line);
  return line;
}

}  // namespace

TEST_CASE("a time is milliseconds since 1970 or RFC 3339") {
  CHECK(millis_of("1466380800123") == 1466380800123);
  CHECK(millis_of("-1") == -1);
  CHECK(millis_of("2016-06-20T00:00:00Z") == 1466380800000);
  CHECK(millis_of("2016-06-20T00:00:00.123Z") == 1466380800123);
  CHECK(millis_of("2016-06-20t00:00:00.1239z") == 1466380800123);
  CHECK(millis_of("2016-06-20 00:00:00.1Z") == 1466380800100);
  CHECK(millis_of("2016-06-20T02:30:00+02:30") == 1466380800000);
  CHECK(millis_of("2016-06-19T23:00:00-01:00") == 1466380800000);
  CHECK(millis_of("2016-02-29T23:59:59Z") == 1456790399000);
  CHECK(millis_of("1969-12-31T23:59:59.999Z") == -1);
}

TEST_CASE("what is no time is refused") {
  for (const char* text :
       {"", "yesterday", "12x", "2016-06-20", "2016-06-20T00:00:00", "2016-02-30T00:00:00Z",
        "2015-02-29T00:00:00Z", "2016-13-01T00:00:00Z", "2016-06-20T24:00:00Z",
        "2016-06-20T00:60:00Z", "2016-06-20T00:00:60Z", "2016-06-20T00:00:00.Z",
        "2016-06-20T00:00:00+24:00", "2016-06-20T00:00:00Zx", "2016-06-20T00:00:-1Z",
        "2016-6-20T00:00:00Z", "9223372036854775808"}) {
    INFO(text);
    CHECK(parse_time(text).status().message().find("is no time") != std::string_view::npos);
  }
}

TEST_CASE("a time is written so that it can be read again") {
  for (const std::int64_t millis : {0LL, -1LL, 1466380800123LL, 253402300799999LL}) {
    CHECK(millis_of(format_time(from_millis(millis))) == millis);
  }
  CHECK(format_time(from_millis(1466380800123)) == "2016-06-20T00:00:00.123Z");
}

TEST_CASE("JSON goes into a line of JSON as it is, without its line breaks") {
  CHECK(as_json(R"({"a": 1.50, "a":12345678901234567890123})") ==
        R"(>{"a": 1.50, "a":12345678901234567890123})");
  CHECK(as_json("{\n\"a\\n\" :\r\n [1,\n2] }\n") == R"(>{"a\n" : [1,2] })");
}

TEST_CASE("what is not JSON goes into a line of JSON as a string") {
  CHECK(as_json("plain \"text\"\n") == R"(>"plain \"text\"\n")");
  CHECK(as_json("") == R"(>"")");
  CHECK(as_json("\xff!") == ">\"\xEF\xBF\xBD!\"");
  CHECK(as_json("{}{}") == R"(>"{}{}")");
  CHECK(as_json(std::string_view{"{}\0x", 4}) == R"(>"{}\u0000x")");
  CHECK(nlohmann::json::accept(as_json("\xEF\xBB\xBF{}").substr(1)));
  CHECK(as_json("\xEF\xBB\xBF{}")[1] == '"');
}
