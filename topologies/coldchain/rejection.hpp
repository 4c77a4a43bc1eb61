#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "bora/check.hpp"

namespace bora::coldchain {

/// Why a record is no message. The text form is what dead letters and counters carry, so it is part
/// of the wire contract: never renamed, only added to.
enum class RejectReason : std::uint8_t {
  kTooLarge,  ///< More than kMaxRecordBytes.
  kInvalidUtf8,
  kMalformedJson,  ///< Not one JSON object and nothing else.
  kTooDeep,        ///< Nested deeper than kMaxNesting.
  kNonFinite,      ///< A number, in any field, that no double can hold, or a NaN or Infinity.
  kMissingField,
  kDuplicateField,  ///< A required field stands twice: readers would disagree on which one counts.
  kWrongType,
  kOutOfRange,
  kClockSkew,  ///< Measured more than kMaxClockSkew after it was received.
};

/// `too_large`, `invalid_utf8`, ... as dead letters carry it.
[[nodiscard]] std::string_view to_string(RejectReason reason) noexcept;

struct Rejection {
  RejectReason reason{};
  std::string text;  ///< For people: which field or byte, what is wrong. Never holds a secret.
};

/// A message, or why there is none. Its failure is an outcome with a reason to count by, which is
/// why it is not a Result.
template <class T>
class [[nodiscard]] Parsed {
 public:
  Parsed(T message) : outcome_(std::move(message)) {}              // NOLINT: implicit by design
  Parsed(Rejection rejection) : outcome_(std::move(rejection)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool is_ok() const noexcept { return outcome_.index() == 0; }
  explicit operator bool() const noexcept { return is_ok(); }

  /// Requires: is_ok().
  [[nodiscard]] const T& operator*() const { return value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] const T& value() const {
    BORA_CHECK(is_ok(), std::get<1>(outcome_).text);
    return *std::get_if<0>(&outcome_);
  }
  /// Requires: !is_ok().
  [[nodiscard]] const Rejection& rejection() const {
    BORA_CHECK(!is_ok(), "rejection() of a message that was accepted");
    return *std::get_if<1>(&outcome_);
  }

 private:
  std::variant<T, Rejection> outcome_;
};

}  // namespace bora::coldchain
