#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

namespace bora::gateway {

/// The ways in which a simulated gateway breaks a report, one for each reason to refuse it.
enum class Malformation : std::uint8_t {
  kCutOff,
  kMissingField,
  kWrongType,
  kOutOfRange,
  kBadUtf8,
  kTooLarge,
  kTooDeep,
  kNonFinite,
  kDuplicateField,
  kFutureTime,
};
inline constexpr std::array<Malformation, 10> kMalformations{
    Malformation::kCutOff,     Malformation::kMissingField, Malformation::kWrongType,
    Malformation::kOutOfRange, Malformation::kBadUtf8,      Malformation::kTooLarge,
    Malformation::kTooDeep,    Malformation::kNonFinite,    Malformation::kDuplicateField,
    Malformation::kFutureTime};

/// Why whoever receives such a record refuses it.
[[nodiscard]] coldchain::RejectReason reason_of(Malformation how) noexcept;

/// The report as bytes, broken in this way. One line, so that it can stand among others.
[[nodiscard]] std::string malformed(const coldchain::Report& report, Malformation how);

}  // namespace bora::gateway
