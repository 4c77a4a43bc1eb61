#include "services/gateway/malformed.hpp"

#include "topologies/coldchain/codec.hpp"

namespace bora::gateway {
namespace {

using coldchain::RejectReason;

/// 2100-01-01: after any moment at which the simulation is received.
constexpr std::int64_t kFarFutureMillis = 4102444800000;

/// `json` with what stands between `from` and the next `to` replaced.
std::string with_value(std::string json, std::string_view from, std::string_view to,
                       std::string_view value) {
  const std::size_t first = json.find(from);
  BORA_CHECK(first != std::string::npos, from);
  const std::size_t begin = first + from.size();
  return json.replace(begin, json.find(to, begin) - begin, value);
}

std::string with_first_field(std::string json, std::string_view field) {
  return json.insert(1, std::string{field}.append(","));
}

}  // namespace

RejectReason reason_of(Malformation how) noexcept {
  switch (how) {
    case Malformation::kCutOff: return RejectReason::kMalformedJson;
    case Malformation::kMissingField: return RejectReason::kMissingField;
    case Malformation::kWrongType: return RejectReason::kWrongType;
    case Malformation::kOutOfRange: return RejectReason::kOutOfRange;
    case Malformation::kBadUtf8: return RejectReason::kInvalidUtf8;
    case Malformation::kTooLarge: return RejectReason::kTooLarge;
    case Malformation::kTooDeep: return RejectReason::kTooDeep;
    case Malformation::kNonFinite: return RejectReason::kNonFinite;
    case Malformation::kDuplicateField: return RejectReason::kDuplicateField;
    case Malformation::kFutureTime: return RejectReason::kClockSkew;
  }
  return RejectReason::kMalformedJson;
}

std::string malformed(const coldchain::Report& report, Malformation how) {
  std::string json;
  coldchain::write_report(report, json);
  switch (how) {
    case Malformation::kCutOff: json.resize(json.size() - 1 - json.size() / 3); break;
    case Malformation::kMissingField:
      json = with_value(std::move(json), ",\"ba", ":", "d\"");
      break;  // batt -> bad
    case Malformation::kWrongType:
      json = with_value(std::move(json), "\"temp\":", ",", "\"cold\"");
      break;
    case Malformation::kOutOfRange:
      json = with_value(std::move(json), "\"batt\":", "}", "140");
      break;
    case Malformation::kBadUtf8:
      json = with_value(std::move(json), "\"token\":\"", "\"", "\xC3\x28");
      break;
    case Malformation::kTooLarge:
      json = with_first_field(std::move(json),
                              "\"note\":\"" + std::string(coldchain::kMaxRecordBytes, 'x') + "\"");
      break;
    case Malformation::kTooDeep: {
      const std::string open(coldchain::kMaxNesting, '[');
      const std::string close(coldchain::kMaxNesting, ']');
      json = with_first_field(std::move(json), "\"note\":" + open + close);
      break;
    }
    case Malformation::kNonFinite:
      json = with_value(std::move(json), "\"temp\":", ",", "1e999");
      break;
    case Malformation::kDuplicateField:
      json = with_value(std::move(json), "\"batt\":", "}", "50,\"batt\":60");
      break;
    case Malformation::kFutureTime:
      json = with_value(std::move(json), "\"time\":", ",", std::to_string(kFarFutureMillis));
      break;
  }
  return json;
}

}  // namespace bora::gateway
