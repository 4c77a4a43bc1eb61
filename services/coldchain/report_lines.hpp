#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "topologies/coldchain/rejection.hpp"

namespace bora::ingest {

/// Why one line of a body is no report.
struct LineFault {
  std::uint64_t line = 0;  ///< From 1, blank lines counted.
  coldchain::RejectReason reason{};
  std::string text;  ///< For people. Never holds a secret.
};

/// A body, read. Either every line is a report, or nothing of it may be used.
struct ReportLines {
  std::vector<Record> records;    ///< One for each report: key = device id, value = the line.
  std::vector<LineFault> faults;  ///< The first ones, at most kMaxFaults.
  std::uint64_t lines = 0;        ///< Lines that are not blank.
  std::uint64_t faulty_lines = 0;
};

inline constexpr std::size_t kMaxFaults = 50;

/// Takes a body apart at its newlines. A line is kept byte for byte, save for a carriage return before
/// its newline; blank lines count and hold nothing. `received` becomes the timestamp of the records, so
/// whoever reads them later judges a clock that is ahead as it was judged here.
/// Threads: any.
[[nodiscard]] ReportLines read_lines(std::string_view body, WallTime received);

}  // namespace bora::ingest
