#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

/// Messages from and to the bytes of a record.
///
///   Parsed<Report> report = parse_report(record.value);
///   if (!report) return dead_letter(record, report.rejection());
///
/// What is accepted: exactly one JSON object (RFC 8259, no byte order mark, white space around it
/// allowed) that holds every required field with its type and range. The whole record is validated,
/// the fields that nobody reads too. Fields that the format does not name are ignored, whatever they
/// hold, and may repeat; a required field that stands twice is refused, since readers disagree on
/// which one counts. When a record has several faults, the reason is the first of this order: size,
/// UTF-8, JSON syntax, non-finite number, nesting, the first faulty field in the bytes, the first
/// missing field in the order of the wire format.
///
/// Threads: every function may be called from any thread. Each thread keeps a parser of its own, which
/// holds about fifteen times the largest record that it has seen, 1 MiB at most.
namespace bora::coldchain {

inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} * 1024;
/// The outermost object is level 1.
inline constexpr int kMaxNesting = 16;
inline constexpr std::chrono::minutes kMaxClockSkew{5};

/// A record of topic `reports`. `device.auth` may be a number or a decimal string.
[[nodiscard]] Parsed<Report> parse_report(std::string_view bytes);
/// A record of topic `readings`. `gateway.token` and `device.auth` are not read, should they be there.
[[nodiscard]] Parsed<Reading> parse_reading(std::string_view bytes);

enum class MessageKind : std::uint8_t { kReport, kReading };

/// Accepts what parse_report() or parse_reading() accepts, and takes out only what an archive needs.
[[nodiscard]] Parsed<MessageIdentity> parse_identity(MessageKind kind, std::string_view bytes);

/// The rejection of a message that was measured more than kMaxClockSkew after `received`.
[[nodiscard]] std::optional<Rejection> check_clock_skew(WallTime measured, WallTime received);

/// Appends the message to `out`, in one line, as the wire format orders it. Requires a finite
/// temperature. parse_report() of it gives back an equal message, except that -0.0 comes back as 0.
void write_report(const Report& report, std::string& out);
void write_reading(const Reading& reading, std::string& out);

}  // namespace bora::coldchain
