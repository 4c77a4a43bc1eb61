#include "topologies/coldchain/rejection.hpp"

namespace bora::coldchain {

std::string_view to_string(RejectReason reason) noexcept {
  switch (reason) {
    case RejectReason::kTooLarge: return "too_large";
    case RejectReason::kInvalidUtf8: return "invalid_utf8";
    case RejectReason::kMalformedJson: return "malformed_json";
    case RejectReason::kTooDeep: return "too_deep";
    case RejectReason::kNonFinite: return "non_finite";
    case RejectReason::kMissingField: return "missing_field";
    case RejectReason::kDuplicateField: return "duplicate_field";
    case RejectReason::kWrongType: return "wrong_type";
    case RejectReason::kOutOfRange: return "out_of_range";
    case RejectReason::kClockSkew: return "clock_skew";
  }
  return "unknown";
}

}  // namespace bora::coldchain
