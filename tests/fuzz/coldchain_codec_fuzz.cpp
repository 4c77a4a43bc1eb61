#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/check.hpp"
#include "support/coldchain_oracle.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora::coldchain;

/// Any bytes: the codec neither reads past them nor contradicts itself or the oracle.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto report = parse_report(bytes);
  const auto identity = parse_identity(MessageKind::kReport, bytes);
  BORA_CHECK(report.is_ok() == identity.is_ok(), "parse_report and parse_identity disagree");
  const auto expected = testing::expected_report(bytes);
  BORA_CHECK(report.is_ok() == expected.has_value(), "the codec and the oracle disagree");
  if (report) {
    BORA_CHECK(*report == *expected, "the codec and the oracle read different values");
    std::string written;
    write_report(*report, written);
    const auto again = parse_report(written);
    BORA_CHECK(again && *again == *report, "what is written is not what was read");
  } else {
    BORA_CHECK(!report.rejection().text.empty(), "a rejection without a text");
  }
  if (const auto reading = parse_reading(bytes)) {
    std::string written;
    write_reading(*reading, written);
    const auto again = parse_reading(written);
    BORA_CHECK(again && *again == *reading, "what is written is not what was read");
  }
  return 0;
}
