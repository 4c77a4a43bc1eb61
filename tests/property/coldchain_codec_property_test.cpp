#include <algorithm>
#include <cmath>
#include <rapidcheck.h>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/coldchain_oracle.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::coldchain;

namespace {

rc::Gen<double> finite_temperature() {
  return rc::gen::oneOf(
      rc::gen::suchThat(rc::gen::arbitrary<double>(), [](double t) { return std::isfinite(t); }),
      rc::gen::map(rc::gen::inRange(-5000, 10000),
                   [](int hundredths) { return hundredths / 100.0; }));
}

std::string utf8_token() {
  static const std::vector<std::string> kCharacters{"A",
                                                    "0",
                                                    "\"",
                                                    "\\",
                                                    "/",
                                                    "\n",
                                                    std::string(1, '\0'),
                                                    "\x1f",
                                                    "\x7f",
                                                    "\xc3\xa9",
                                                    "\xe2\x82\xac",
                                                    "\xf0\x9f\xa7\x8a"};
  std::string token;
  const int length = *rc::gen::inRange(0, 17);
  for (int i = 0; i < length; ++i)
    token += *rc::gen::elementOf(kCharacters);
  return token.substr(0, GatewaySecret::kMaxBytes);
}

Report any_report() {
  return Report{.device_id = DeviceId{*rc::gen::arbitrary<std::uint64_t>()},
                .gateway_id = GatewayId{*rc::gen::arbitrary<std::uint64_t>()},
                .temperature = *finite_temperature(),
                .time = from_millis(*rc::gen::inRange<std::int64_t>(0, INT64_MAX)),
                .battery = static_cast<std::uint8_t>(*rc::gen::inRange(0, 101)),
                .device_secret = DeviceSecret{*rc::gen::arbitrary<std::uint64_t>()},
                .gateway_secret = GatewaySecret{utf8_token()}};
}

/// A value of the kind that breaks parsers, as text; not always valid JSON.
std::string any_value(int depth) {
  static const std::vector<std::string> kScalars{"0",
                                                 "-0",
                                                 "-1",
                                                 "75",
                                                 "4.5",
                                                 "1e3",
                                                 "1E-3",
                                                 "1e308",
                                                 "1e309",
                                                 "1e-400",
                                                 "01",
                                                 "1.",
                                                 "-",
                                                 "18446744073709551615",
                                                 "18446744073709551616",
                                                 "-9223372036854775808",
                                                 "-9223372036854775809",
                                                 "9223372036854775808",
                                                 "true",
                                                 "false",
                                                 "null",
                                                 "nul",
                                                 "NaN",
                                                 "-Infinity",
                                                 "\"\"",
                                                 "\"12\"",
                                                 "\"18446744073709551616\"",
                                                 "\"\\u0041\"",
                                                 "\"\\ud83e\\uddca\"",
                                                 "\"\\udc00\"",
                                                 "\"\xc3\xa9\"",
                                                 "\"\xc3\"",
                                                 "\"a\tb\"",
                                                 "123456789012345678901234567890",
                                                 ""};
  if (depth > 3 || *rc::gen::inRange(0, 4) != 0) return *rc::gen::elementOf(kScalars);
  const bool is_array = *rc::gen::arbitrary<bool>();
  std::string text = is_array ? "[" : "{";
  const int count = *rc::gen::inRange(0, 3);
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ",";
    if (!is_array) text += "\"k" + std::to_string(i) + "\":";
    text += any_value(depth + 1);
  }
  return text + (is_array ? "]" : "}");
}

/// A report whose fields are mostly right, in any order, sometimes missing, doubled or of another kind.
std::string almost_report() {
  const auto object = [](const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : fields) {
      const int fate = *rc::gen::inRange(0, 40);
      if (fate == 0) continue;
      parts.push_back("\"" + name + "\":" + (fate == 1 ? any_value(0) : value));
      if (fate == 2) parts.push_back(parts.back());
      if (fate == 3) parts.push_back("\"extra\":" + any_value(0));
    }
    if (*rc::gen::arbitrary<bool>()) std::reverse(parts.begin(), parts.end());
    std::string text = "{";
    for (std::size_t i = 0; i < parts.size(); ++i)
      text += (i == 0 ? "" : ",") + parts[i];
    return text + "}";
  };
  return object(
      {{"gateway", object({{"id", "7"}, {"token", "\"B12F\""}})},
       {"device", object({{"id", "123"}, {"auth", "\"64089519511846157\""}})},
       {"reading", object({{"temp", "4.5"}, {"time", "1466380800123"}, {"batt", "75"}})}});
}

void agrees_with_oracle(const std::string& bytes) {
  RC_LOG() << bytes << "\n";
  const auto report = parse_report(bytes);
  const auto expected = coldchain::testing::expected_report(bytes);
  RC_ASSERT(report.is_ok() == expected.has_value());
  if (report) RC_ASSERT(*report == *expected);
  RC_ASSERT(parse_identity(MessageKind::kReport, bytes).is_ok() == report.is_ok());
}

}  // namespace

TEST_CASE("every report that can be written is read back equal") {
  CHECK(rc::check([] {
    const Report report = any_report();
    std::string bytes;
    write_report(report, bytes);
    const auto again = parse_report(bytes);
    RC_ASSERT(again.is_ok());
    RC_ASSERT(*again == report);
    RC_ASSERT(bytes.find('\n') == std::string::npos);
  }));
}

TEST_CASE("every reading that can be written is read back equal") {
  CHECK(rc::check([] {
    const Reading reading =
        to_reading(any_report(), from_millis(*rc::gen::inRange<std::int64_t>(0, INT64_MAX)));
    std::string bytes;
    write_reading(reading, bytes);
    const auto again = parse_reading(bytes);
    RC_ASSERT(again.is_ok());
    RC_ASSERT(*again == reading);
  }));
}

TEST_CASE("the codec accepts and reads exactly what a plain reader of the format does") {
  CHECK(rc::check([] {
    for (int i = 0; i < 30; ++i)
      agrees_with_oracle(almost_report());
  }));
}

TEST_CASE("the codec agrees with a plain reader on reports with damaged bytes") {
  CHECK(rc::check([] {
    std::string bytes;
    write_report(any_report(), bytes);
    const int edits = *rc::gen::inRange(1, 4);
    for (int i = 0; i < edits && !bytes.empty(); ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      switch (*rc::gen::inRange(0, 4)) {
        case 0: bytes[at] = *rc::gen::arbitrary<char>(); break;
        case 1: bytes.erase(at, *rc::gen::inRange<std::size_t>(1, 5)); break;
        case 2: bytes.insert(at, 1, *rc::gen::elementOf(std::string{"{}[]\",:0-e.\\ \n"})); break;
        default: bytes.insert(at, bytes.substr(at / 2, 9)); break;
      }
    }
    agrees_with_oracle(bytes);
  }));
}
