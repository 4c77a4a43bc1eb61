#pragma once

#include <cstdint>
#include <span>

/// The numbers that simdjson refuses although JSON allows them. Private to the codec.
namespace bora::coldchain::internal {

enum class NumberRepair : std::uint8_t {
  kNothing,   ///< No byte was changed: parsing again gives the same error.
  kRepaired,  ///< Parsing again tells whether the rest is JSON.
  kNonFinite,  ///< As kRepaired, and a number was there that no double can hold, a NaN or an infinity.
};

/// simdjson stops at integers beyond 64 bits, at reals beyond a double, and at the literals NaN and
/// Infinity, all with the same errors as for broken syntax. Rewrites each in place, in the same number
/// of bytes: the integers as the nearest double, the others as 0.
///
/// Only for records that failed to parse: it reads byte by byte.
[[nodiscard]] NumberRepair repair_numbers(std::span<char> json);

}  // namespace bora::coldchain::internal
