#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::coldchain;

namespace {

const std::string kReport =
    R"({"gateway":{"id":7,"token":"B12F31EBDDF2D982895195964FEAB0065031430B"},)"
    R"("device":{"id":123,"auth":64089519511846157},)"
    R"("reading":{"temp":4.5,"time":1466380800123,"batt":75}})";
const std::string kReading =
    R"({"gateway":{"id":7},"device":{"id":123},"reading":{"temp":4.5,"time":1466380800123,"batt":75},)"
    R"("received":1466380800500})";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

/// The report with one part of its text replaced.
std::string report_with(const std::string& what, const std::string& with) {
  return replaced(kReport, what, with);
}

RejectReason reason_of(const std::string& bytes) {
  const auto report = parse_report(bytes);
  INFO(bytes.substr(0, 300));
  REQUIRE_FALSE(report);
  CHECK_FALSE(report.rejection().text.empty());
  return report.rejection().reason;
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

}  // namespace

TEST_CASE("the report of the wire format is read field by field") {
  const auto report = parse_report(kReport);
  REQUIRE(report);
  CHECK(report->gateway_id == GatewayId{7});
  CHECK(report->gateway_secret.reveal() == "B12F31EBDDF2D982895195964FEAB0065031430B");
  CHECK(report->device_id == DeviceId{123});
  CHECK(report->device_secret.reveal() == 64089519511846157u);
  CHECK(report->temperature == 4.5);
  CHECK(report->time == from_millis(1466380800123));
  CHECK(report->battery == 75);
}

TEST_CASE("messages are written byte for byte as the wire format shows them") {
  std::string out = ">";
  write_report(*parse_report(kReport), out);
  CHECK(out == ">" + kReport);
  out.clear();
  write_reading(*parse_reading(kReading), out);
  CHECK(out == kReading);
}

TEST_CASE("the longest possible message fits the writer") {
  Report report;
  report.device_id = DeviceId{UINT64_MAX};
  report.gateway_id = GatewayId{UINT64_MAX};
  report.temperature = -std::numeric_limits<double>::denorm_min();
  report.time = from_millis(std::numeric_limits<std::int64_t>::max());
  report.battery = 100;
  report.device_secret = DeviceSecret{UINT64_MAX};
  report.gateway_secret = GatewaySecret{std::string(GatewaySecret::kMaxBytes, '\x01')};
  std::string out;
  write_report(report, out);
  const auto again = parse_report(out);
  REQUIRE(again);
  CHECK(*again == report);
}

TEST_CASE("a reading holds no secret, and ignores one that is there") {
  const auto reading = parse_reading(kReading);
  REQUIRE(reading);
  CHECK(reading->received == from_millis(1466380800500));
  CHECK(to_reading(*parse_report(kReport), from_millis(1466380800500)) == *reading);
  CHECK(parse_reading(replaced(kReading, R"("id":7)", R"("id":7,"token":5)")));
}

TEST_CASE("the secret of a device may be a number or its decimal digits, over all of 64 bits") {
  const auto secret_of = [](const std::string& text) {
    const auto report = parse_report(report_with("64089519511846157", text));
    REQUIRE(report);
    return report->device_secret.reveal();
  };
  CHECK(secret_of("18446744073709551615") == UINT64_MAX);
  CHECK(secret_of("\"18446744073709551615\"") == UINT64_MAX);
  CHECK(secret_of("0") == 0);
  CHECK(secret_of("\"007\"") == 7);
  CHECK(secret_of(R"("\u0037")") == 7);
}

TEST_CASE("a temperature may be an integer, a real or beyond 64 bits") {
  const auto temperature_of = [](const std::string& text) {
    const auto report = parse_report(report_with("4.5", text));
    REQUIRE(report);
    return report->temperature;
  };
  CHECK(temperature_of("-18") == -18.0);
  CHECK(temperature_of("1e-999") == 0.0);
  CHECK(temperature_of("-2.5E+1") == -25.0);
  CHECK(temperature_of("100000000000000000000") == Approx(1e20));
  CHECK(temperature_of("-123456789012345678901234567890") == Approx(-1.2345678901234568e29));
}

TEST_CASE("fields that nobody asked for are ignored, whatever they hold") {
  const std::vector<std::string> extras{R"("x":null,)",
                                        R"("x":[1,2,{"y":[]}],)",
                                        R"("x":1,"x":2,)",
                                        R"("id":"no","time":[],)",
                                        R"("x":123456789012345678901234567890,)",
                                        R"("x":-1e-999,)",
                                        R"("x":"NaN 1e999 \" 01",)",
                                        R"("":{"":{}},)"};
  for (const std::string& extra : extras) {
    INFO(extra);
    CHECK(parse_report(report_with(R"("device":{)", extra + R"("device":{)")));
  }
}

TEST_CASE("the same names elsewhere in a record are not the fields") {
  CHECK(parse_report(
      report_with("\"batt\"", R"("x":{"temp":true,"reading":1},"gateway":[{"id":[]}],"batt")")));
}

TEST_CASE("white space around and inside a record is allowed, keys may be escaped") {
  CHECK(parse_report(" \r\n\t" + kReport + "\n"));
  CHECK(parse_report(report_with("\"temp\":", "\"te\\u006dp\" :\n ")));
}

TEST_CASE("what is not one JSON object is malformed") {
  const std::vector<std::string> broken{"",
                                        " ",
                                        "null",
                                        "17",
                                        "[]",
                                        "\"text\"",
                                        "{",
                                        "{}}",
                                        kReport + kReport,
                                        kReport + "x",
                                        kReport + ",",
                                        kReport.substr(0, kReport.size() - 1),
                                        kReport.substr(1),
                                        std::string{"\xEF\xBB\xBF"} + kReport,
                                        kReport + std::string(1, '\0'),
                                        report_with("4.5", "04.5"),
                                        report_with("4.5", "4."),
                                        report_with("4.5", ".5"),
                                        report_with("4.5", "+4.5"),
                                        report_with("4.5", "4.5e"),
                                        report_with("4.5", "0x4"),
                                        report_with("4.5", "tru"),
                                        report_with("4.5", "nul"),
                                        report_with("4.5", "4 5"),
                                        report_with(":4.5", ""),
                                        report_with("},", "}"),
                                        report_with("\"B12F", "\"B\n12F"),
                                        report_with("\"B12F", R"("\x12F)"),
                                        report_with("\"B12F", R"("\ud800)"),
                                        report_with("\"batt\":75", "\"batt\":75,"),
                                        report_with("\"batt\"", "batt"),
                                        report_with("\"batt\"", "'batt'")};
  for (const std::string& bytes : broken)
    CHECK(reason_of(bytes) == RejectReason::kMalformedJson);
}

TEST_CASE("broken JSON in a field that nobody reads is found") {
  for (const std::string value :
       {"[1 2]", "{\"a\" 1}", "tru", "01", "[1,]", "{,}", "-", "[", "\"\\q\""}) {
    CHECK(reason_of(report_with("\"batt\":75", "\"batt\":75,\"x\":" + value)) ==
          RejectReason::kMalformedJson);
  }
}

TEST_CASE("invalid UTF-8 is refused anywhere in a record") {
  for (const std::string bytes :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    CHECK(reason_of(report_with("B12F", bytes)) == RejectReason::kInvalidUtf8);
    CHECK(reason_of(report_with("\"batt\":75", "\"batt\":75,\"x\":\"" + bytes + "\"")) ==
          RejectReason::kInvalidUtf8);
  }
  CHECK(parse_report(report_with("B12F", "\xe2\x82\xac")));
}

TEST_CASE("numbers that are not finite are refused anywhere in a record") {
  for (const std::string number :
       {"1e999", "-1e999", "NaN", "Infinity", "-Infinity", "nan", "inf"}) {
    CHECK(reason_of(report_with("4.5", number)) == RejectReason::kNonFinite);
    CHECK(reason_of(report_with("\"batt\":75", "\"batt\":75,\"x\":[" + number + "]")) ==
          RejectReason::kNonFinite);
  }
  CHECK(reason_of(report_with("4.5", "1" + std::string(400, '0'))) == RejectReason::kNonFinite);
  CHECK(reason_of(report_with("4.5", "1e999") + "}") == RejectReason::kMalformedJson);
}

TEST_CASE("a record of 64 KiB is accepted, one byte more is too large") {
  const std::string padded = kReport + std::string(kMaxRecordBytes - kReport.size(), ' ');
  CHECK(parse_report(padded));
  CHECK(reason_of(padded + " ") == RejectReason::kTooLarge);
}

TEST_CASE("nesting of 16 is accepted, 17 is too deep, and so is nesting without end") {
  CHECK(parse_report(report_with("{\"gateway\"", "{\"x\":" + nested(15) + ",\"gateway\"")));
  CHECK(reason_of(report_with("{\"gateway\"", "{\"x\":" + nested(16) + ",\"gateway\"")) ==
        RejectReason::kTooDeep);
  CHECK(parse_report(report_with("\"batt\"", "\"x\":" + nested(14) + ",\"batt\"")));
  CHECK(reason_of(report_with("\"batt\"", "\"x\":" + nested(15) + ",\"batt\"")) ==
        RejectReason::kTooDeep);
  CHECK(reason_of(report_with("{\"gateway\"", "{\"x\":" + nested(20000) + ",\"gateway\"")) ==
        RejectReason::kTooDeep);
  CHECK(reason_of(report_with("7,", nested(16) + ",")) == RejectReason::kTooDeep);
}

TEST_CASE("a missing field is named") {
  for (const char* name :
       {"gateway", "id", "token", "device", "auth", "reading", "temp", "time", "batt"}) {
    const auto report = parse_report(report_with('"' + std::string{name} + '"', "\"other\""));
    REQUIRE_FALSE(report);
    CHECK(report.rejection().reason == RejectReason::kMissingField);
    CHECK(report.rejection().text.find(name) != std::string::npos);
  }
  CHECK(parse_reading(kReport).rejection().text == "received is missing");
  CHECK(parse_report(kReading).rejection().text == "gateway.token is missing");
  CHECK(parse_report("{}").rejection().text == "gateway is missing");
}

TEST_CASE("a field of the wrong type is named") {
  const auto text_of = [](const std::string& what, const std::string& with) {
    const auto report = parse_report(report_with(what, with));
    REQUIRE_FALSE(report);
    CHECK(report.rejection().reason == RejectReason::kWrongType);
    return report.rejection().text;
  };
  CHECK(text_of("4.5", "\"4.5\"") == "reading.temp must be a number");
  CHECK(text_of("4.5", "null") == "reading.temp must be a number");
  CHECK(text_of(":75", ":75.5") == "reading.batt must be an integer");
  CHECK(text_of(":75", ":75.0") == "reading.batt must be an integer");
  CHECK(text_of("123,", "\"123\",") == "device.id must be an integer");
  CHECK(text_of("123,", "true,") == "device.id must be an integer");
  CHECK(text_of("1466380800123", "1.466e12") == "reading.time must be an integer");
  CHECK(text_of("\"B12F31EBDDF2D982895195964FEAB0065031430B\"", "5") ==
        "gateway.token must be a string");
  CHECK(text_of("{\"id\":7,\"token\":\"B12F31EBDDF2D982895195964FEAB0065031430B\"}", "[]") ==
        "gateway must be an object");
  for (const char* secret :
       {"\"\"", "\"-1\"", "\"+1\"", "\" 1\"", "\"1.0\"", "\"0x1\"", "1.5", "[]"}) {
    CHECK(text_of("64089519511846157", secret).substr(0, 11) == "device.auth");
  }
}

TEST_CASE("a field out of range is named, and a secret is never shown") {
  const auto text_of = [](const std::string& what, const std::string& with) {
    const auto report = parse_report(report_with(what, with));
    REQUIRE_FALSE(report);
    CHECK(report.rejection().reason == RejectReason::kOutOfRange);
    return report.rejection().text;
  };
  CHECK(text_of(":75", ":101") == "reading.batt must be in 0..100");
  CHECK(text_of(":75", ":-1") == "reading.batt must be in 0..100");
  CHECK(text_of("1466380800123", "-1") == "reading.time must be in 0..9223372036854775807");
  CHECK(text_of("1466380800123", "9223372036854775808") ==
        "reading.time must be in 0..9223372036854775807");
  CHECK(text_of("123,", "18446744073709551616,") == "device.id must be in 0..18446744073709551615");
  CHECK(text_of("123,", "-123,") == "device.id must be in 0..18446744073709551615");
  CHECK(text_of("64089519511846157", "\"18446744073709551616\"") ==
        "device.auth does not fit 64 bits");
  CHECK(text_of("B12F31", std::string(31, 'B')) == "gateway.token is longer than 64 bytes");
}

TEST_CASE("a required field that stands twice is refused, even with the same value") {
  CHECK(reason_of(report_with(":75", ":75,\"batt\":75")) == RejectReason::kDuplicateField);
  CHECK(reason_of(report_with("{\"gateway\"", "{\"device\":{},\"gateway\"")) ==
        RejectReason::kDuplicateField);
  CHECK(reason_of(report_with(":75", ":75,\"b\\u0061tt\":75")) == RejectReason::kDuplicateField);
}

TEST_CASE("of several faults the documented one is the reason") {
  CHECK(reason_of(report_with(":75}", ":101,}")) == RejectReason::kMalformedJson);
  CHECK(reason_of(report_with("4.5", "\"\xff\",}")) == RejectReason::kInvalidUtf8);
  CHECK(reason_of(replaced(report_with("4.5", "true"), ":75", ":101")) == RejectReason::kWrongType);
  CHECK(reason_of(replaced(report_with("\"temp\"", "\"x\""), ":75", ":101")) ==
        RejectReason::kOutOfRange);
}

TEST_CASE("the identity of a message is given exactly when the whole message is right") {
  const auto identity = parse_identity(MessageKind::kReport, kReport);
  REQUIRE(identity);
  CHECK(*identity == MessageIdentity{DeviceId{123}, GatewayId{7}, from_millis(1466380800123)});
  CHECK(parse_identity(MessageKind::kReading, kReading));
  CHECK(parse_identity(MessageKind::kReport, report_with(":75", ":101")).rejection().reason ==
        RejectReason::kOutOfRange);
  CHECK(parse_identity(MessageKind::kReading, kReport).rejection().reason ==
        RejectReason::kMissingField);
}

TEST_CASE("five minutes into the future is accepted, a millisecond more is clock skew") {
  const WallTime received = from_millis(1466380800000);
  CHECK_FALSE(check_clock_skew(received + std::chrono::minutes{5}, received));
  CHECK_FALSE(check_clock_skew(from_millis(0), received));
  const auto skew =
      check_clock_skew(received + std::chrono::minutes{5} + std::chrono::milliseconds{1}, received);
  REQUIRE(skew);
  CHECK(skew->reason == RejectReason::kClockSkew);
  CHECK(check_clock_skew(from_millis(INT64_MAX), from_millis(INT64_MIN)));
}

TEST_CASE("threads parse at the same time without sharing anything") {
  std::vector<std::thread> workers;
  std::vector<int> accepted(4);
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    workers.emplace_back([&accepted, i] {
      for (int n = 0; n < 200; ++n) {
        const auto report =
            parse_report(kReport + std::string(static_cast<std::size_t>(n) * 17, ' '));
        accepted[i] += report && report->device_id == DeviceId{123};
      }
    });
  }
  for (std::thread& worker : workers)
    worker.join();
  CHECK(accepted == std::vector<int>{200, 200, 200, 200});
}

TEST_CASE("every reason has a text of its own") {
  std::vector<std::string_view> texts;
  for (int reason = 0; reason <= static_cast<int>(RejectReason::kClockSkew); ++reason) {
    texts.push_back(to_string(static_cast<RejectReason>(reason)));
  }
  CHECK(texts == std::vector<std::string_view>{"too_large", "invalid_utf8", "malformed_json",
                                               "too_deep", "non_finite", "missing_field",
                                               "duplicate_field", "wrong_type", "out_of_range",
                                               "clock_skew"});
}
