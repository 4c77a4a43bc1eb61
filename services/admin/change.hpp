#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bora/record.hpp"
#include "bora/status.hpp"

namespace bora::admin {

/// Who asks for a change, and from where; for the audit log.
struct Actor {
  std::string user;
  std::string address;
};

/// What follows from a change of the registry and has to happen before it is answered. It is stored
/// with the change, in one write, and forgotten when it has happened: a crash in between is mended at
/// the next start.
struct Change {
  std::uint64_t sequence = 0;    ///< Grows by one with every change, for good.
  std::optional<Record> record;  ///< For topic `registry`; users are none of its business.
  std::string audit;             ///< One line of JSON, without its newline.
  bool operator==(const Change&) const = default;
};

/// The stored form, without the sequence, which is its key.
[[nodiscard]] std::string encode_change(const Change& change);
/// Fails: kCorrupt.
[[nodiscard]] Result<Change> decode_change(std::uint64_t sequence, std::string_view value);

}  // namespace bora::admin
