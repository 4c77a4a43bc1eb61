#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace bora::bench {

/// What a figure depends on besides the code: processor, cores, memory, kernel, compiler, flags,
/// allocator; as pairs of name and text, in the order in which they are printed.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> describe_machine();

/// Seconds of processor time since boot, over all cores, from /proc/stat. The kernel counts in
/// ticks of 10 ms.
struct ProcessorTime {
  double busy_seconds = 0;  ///< everything but idle and waiting for I/O; includes time stolen
  double total_seconds = 0;
};
[[nodiscard]] ProcessorTime processor_time();

/// The share of the machine (0..1) that something other than `own_cpu_seconds` used between two
/// readings; 0 when it is within two ticks per core, which is as well as ticks can tell.
[[nodiscard]] double other_load(const ProcessorTime& before, const ProcessorTime& after,
                                double own_cpu_seconds);

/// Returns after a quarter of a second in which the machine was at most 5 % busy, or after `limit`.
void wait_for_quiet(std::chrono::milliseconds limit);

inline constexpr double kForeignLoadLimit = 0.05;

}  // namespace bora::bench
